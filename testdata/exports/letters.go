package main

import (
	"fmt"
	"strings"
	"time"
)

// A language is a way to write everyday letters: who writes, in which charset,
// and sentences that stand in any order.
type language struct {
	name, charset, enc string
	people             []string
	subjects           []string
	hello, middle, bye []string
}

// languages of the everyday letters. No word of expect.txt is in them.
var languages = []language{
	{"en", "us-ascii", "7bit",
		[]string{"Tom Baker <tom@baker.example>", "Mia Lind <mia@lind.example>", "Jon Lind <jon@lind.example>", "Harriet Moss <harriet@moss.example>"},
		[]string{"Windfall", "Saturday at the market", "The pump again", "Two crates of pears", "Who has the long ladder?", "Honey from last year", "Keys", "School concert"},
		[]string{"Dear Anna,", "Hello Anna,", "Anna,", "Good morning,"},
		[]string{
			"the wind took half of the apples last night, and the deer are taking the rest.",
			"I shall be at the stall from seven, with a flask of tea for whoever helps to unload.",
			"the pump coughs twice and then runs for exactly eleven minutes.",
			"could you spare two crates of pears for the school kitchen?",
			"the long ladder stands behind the barn if nobody has moved it since June.",
			"we counted %d jars of honey in the cellar and ate one to make the number even.",
			"the neighbour's goat was in the cabbages and looked very satisfied.",
			"the children will sing on Friday, and one of them will be out of tune on purpose.",
			"the vet says that the old dog may have as many walks as he likes.",
			"please leave the gate open, the hay comes at noon.",
			"rain is forecast, so we pick on Thursday instead.",
			"I found your scarf under the bench by the well.",
		},
		[]string{"See you soon,", "All the best,", "Until Sunday,", "In haste,"}},
	{"de", "iso-8859-1", "quoted-printable",
		[]string{"Jörg Müller <joerg@muehle.example>", "Rosa Ahrens <rosa@gaertnerei.example>", "Käthe Weiß <kaethe@weiss.example>"},
		[]string{"Äpfel für den Kindergarten", "Hochzeit im Grünen", "Der Ofen zieht nicht", "Mehl und Eier", "Chorprobe am Dienstag", "Schlüssel vergessen"},
		[]string{"Liebe Anna,", "Hallo Anna,", "Guten Abend,"},
		[]string{
			"der Ofen zieht seit gestern wieder, es war ein Vogelnest im Schornstein.",
			"für das Fest fehlen uns noch drei Bänke und jemand, der Klavier spielt.",
			"im Kindergarten wünschen sich alle die kleinen roten Äpfel.",
			"die Straße ist bis Donnerstag gesperrt, du musst über die Brücke fahren.",
			"ich habe %d Gläser Pflaumenmus gekocht und kann keine Pflaumen mehr sehen.",
			"der Chor singt diesmal ohne Noten, das wird lustig oder schrecklich.",
			"Großmutters Uhr geht wieder, aber sie schlägt dreizehn.",
			"nimm bitte die Säge mit, der alte Birnbaum muss weg.",
			"am Samstag ist Markt, wir brauchen zwei kräftige Arme.",
			"der Hund hat den Kuchen gefunden, bevor die Gäste kamen.",
		},
		[]string{"Herzliche Grüße", "Bis bald", "Mach's gut"}},
	{"fr", "utf-8", "base64",
		[]string{"Claire Dubois <claire@verger.example>", "Benoît Lefèvre <benoit@moulin.example>"},
		[]string{"Les cerises sont mûres", "Déménagement", "Une place à table", "Le chat est revenu", "Fromage de chèvre"},
		[]string{"Chère Anna,", "Bonjour Anna,", "Coucou,"},
		[]string{
			"les cerises sont mûres et les merles le savent déjà.",
			"nous avons trouvé une maison avec un four à pain et un toit presque entier.",
			"le chat est revenu après trois semaines, plus gros qu'avant.",
			"il reste %d fromages à la cave, viens en chercher.",
			"ma sœur apporte le vin, toi tu apportes le soleil.",
			"le facteur dit que ta lettre a fait le tour du département.",
			"la rivière a débordé jusqu'au deuxième pommier.",
			"garde-moi une place à table le premier août.",
		},
		[]string{"Je t'embrasse,", "À très vite,", "Amitiés,"}},
	{"es", "windows-1252", "quoted-printable",
		[]string{"Lucía Ortega <lucia@naranjo.example>", "Íñigo Peña <inigo@encina.example>"},
		[]string{"Aceite nuevo", "La boda de Íñigo", "Llueve por fin", "Fotos del río", "Otra vez la niña"},
		[]string{"Querida Anna:", "Hola, Anna:", "Buenos días:"},
		[]string{
			"por fin llueve y el perro no quiere salir.",
			"este año el aceite es verde como la hierba y pica en la garganta.",
			"la boda será en mayo, debajo de la encina grande.",
			"hemos encontrado %d setas y ninguna era buena.",
			"la niña ya lee sola y corrige a su abuelo.",
			"el tren llega a las ocho menos diez, si llega.",
			"te mando una foto del río después de la tormenta.",
			"mañana pintamos la cocina de amarillo.",
		},
		[]string{"Un abrazo,", "Besos,", "Hasta pronto,"}},
	{"it", "iso-8859-15", "8bit",
		[]string{"Chiara Fontana <chiara@ulivo.example>", "Niccolò Riva <niccolo@lago.example>"},
		[]string{"Il lago è ghiacciato", "Pane e castagne", "Perché non rispondi?", "La nonna compie novant'anni"},
		[]string{"Cara Anna,", "Ciao Anna,", "Carissima,"},
		[]string{
			"il lago è ghiacciato fino all'isola e i ragazzi pattinano.",
			"la nonna compie novant'anni e vuole ballare.",
			"abbiamo raccolto %d chili di castagne in una mattina.",
			"la barca è ancora nel giardino, piena di foglie.",
			"il pane è venuto bene, finalmente, grazie alla tua farina.",
			"domenica arriva lo zio con la fisarmonica: preparati.",
			"ho perso il tuo numero e trovato il tuo libro.",
			"qui si dice che l'inverno sarà lungo.",
		},
		[]string{"Un bacio,", "A presto,", "Tua"}},
	{"nl", "utf-8", "8bit",
		[]string{"Joost de Vries <joost@polder.example>", "Marieke Brandt <marieke@duin.example>"},
		[]string{"Storm op zee", "Taart", "De schapen zijn los", "Één vraag"},
		[]string{"Lieve Anna,", "Hoi Anna,", "Beste Anna,"},
		[]string{
			"de schapen zijn los en staan nu in de tuin van de burgemeester.",
			"het stormt al drie dagen en de dijk houdt het goed.",
			"ik heb %d taarten gebakken voor de kerk, er is er één over.",
			"mijn broer leert eindelijk zwemmen, op zijn zestigste.",
			"breng je laarzen mee, het pad staat onder water.",
			"de molen draait weer, hij piept alleen nog een beetje.",
			"we hebben een reünie gepland voor de hele straat.",
			"gisteren zag ik een zeehond op het strand.",
		},
		[]string{"Liefs,", "Tot gauw,", "Groetjes,"}},
	{"pt", "iso-8859-1", "quoted-printable",
		[]string{"João Pereira <joao@sobreiro.example>", "Inês Magalhães <ines@cortica.example>"},
		[]string{"Pão de ló", "A avó manda cumprimentos", "Sardinhas", "Não há luz"},
		[]string{"Querida Anna,", "Olá Anna,", "Bom dia,"},
		[]string{
			"não há luz desde ontem e jantamos à luz das velas.",
			"a avó manda cumprimentos e um pão de ló inteiro.",
			"pescámos %d sardinhas e comemos todas na praia.",
			"o irmão da Inês vai ser pai em março.",
			"as obras na estação ainda não acabaram.",
			"o vento levou o telhado do galinheiro.",
			"guardei para ti a última garrafa do vinho bom.",
			"amanhã vamos à feira comprar um burro.",
		},
		[]string{"Um abraço,", "Beijinhos,", "Até logo,"}},
}

// order is how often each language comes: English and German more than others.
var order = []int{0, 1, 0, 2, 0, 1, 3, 0, 4, 1, 5, 0, 6}

// letter makes the i-th everyday letter of a series. Its sentences are chosen
// by fixed steps, so no two of a series are alike.
func letter(series string, i int, day time.Time) mail {
	l := languages[order[i%len(order)]]
	n := i / len(order)
	pick := func(list []string, k int) string { return list[k%len(list)] }
	middle := pick(l.middle, i+n) + " " + upper(pick(l.middle, i+n+3+n%2))
	if strings.Contains(middle, "%d") {
		middle = fmt.Sprintf(middle, 7+i)
	}
	writer := pick(l.people, i+n)
	name, _, _ := strings.Cut(writer, " ")
	m := mail{
		id: fmt.Sprintf("%s-%02d", series, i), date: day.Add(time.Duration(i)*53*time.Hour + time.Duration(i%7)*17*time.Minute),
		from: writer, to: anna, charset: l.charset, enc: l.enc,
		subject: pick(l.subjects, i+n), text: pick(l.hello, i) + "\n\n" + middle + "\n\n" + pick(l.bye, i) + "\n" + name + "\n",
	}
	if l.charset == "us-ascii" {
		m.to = "Anna Gross <anna@apfelhof.example>"
	}
	switch {
	case i%5 == 4: // answers the letter before it in the series
		m.reply = fmt.Sprintf("%s-%02d", series, i-1)
		m.subject = "Re: " + m.subject
	case i%9 == 3:
		m.alt = "<html><body><p>" + pick(l.hello, i) + "</p><p>" + middle + "</p><p><i>" + pick(l.bye, i) + "</i><br>" + name + "</p></body></html>\n"
	case i%11 == 6:
		m.files = []file{{name: fmt.Sprintf("list-%02d.csv", i), typ: "text/csv", data: []byte("what,how many\ncrates,12\njars,40\n")}}
	}
	return m
}

// upper begins a sentence.
func upper(s string) string {
	r := []rune(s)
	return strings.ToUpper(string(r[:1])) + string(r[1:])
}

func letters(series string, n int, day time.Time) []mail {
	var out []mail
	for i := range n {
		out = append(out, letter(series, i, day))
	}
	return out
}

// takeoutMail is all mail of the Takeout in the order of the file: 80 messages,
// 16 of them with a reason. Each has the fields that Google adds.
func takeoutMail() []mail {
	out := append(takeoutSpecials(), letters("takeout", 64, at(2023, 1, 2, 8, 0))...)
	for i := range out {
		google := []string{fmt.Sprintf("X-GM-THRID: %d", 1752000000000000000+i*31), "X-Gmail-Labels: Inbox,Opened"}
		if len(out[i].extra) > 0 && strings.HasPrefix(out[i].extra[0], "X-Gmail-Labels") {
			google = google[:1]
		}
		out[i].extra = append(google, out[i].extra...)
		if out[i].raw != "" {
			out[i].raw = strings.Join(google, "\n") + "\n" + out[i].raw
		}
	}
	return out
}

// inboxMail is Thunderbird's Inbox: 45 messages, 14 of them with a reason.
func inboxMail() []mail {
	return append(inboxSpecials(), letters("inbox", 31, at(2022, 1, 3, 7, 30))...)
}

// sentMail is Thunderbird's Sent: 21 messages.
func sentMail() []mail {
	out := letters("sent", 20, at(2022, 2, 1, 19, 0))
	for i := range out {
		out[i].from, out[i].to = out[i].to, out[i].from
	}
	return append(out, mail{
		id: "s-fahrrad-3", date: at(2023, 7, 15, 12, 12), from: anna, to: "Mia Lind <mia@lind.example>", charset: "utf-8", enc: "8bit",
		subject: "Dein Fahrrad für den Sommer", text: "Liebe Mia,\n\nes ist geputzt und wartet. Jürgen hat neue Reifen aufgezogen, den Korb habe ich geflickt.\n\nMama\n",
	})
}

// archiveMail is Thunderbird's Archives/2019: 18 messages.
func archiveMail() []mail { return letters("archive", 18, at(2019, 1, 7, 6, 45)) }
