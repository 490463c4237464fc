package main

import (
	"strings"
	"time"
)

// anna owns the exports.
const anna = "Anna Groß <anna@apfelhof.example>"

// at is a time in the zone of the farm in winter.
func at(year, month, day, hour, minute int) time.Time {
	return time.Date(year, time.Month(month), day, hour, minute, 0, 0, time.FixedZone("", 3600))
}

// takeoutSpecials are the messages of the Takeout that are there for a reason:
// README.md names it.
func takeoutSpecials() []mail {
	return append([]mail{
		{id: "t-ja", date: at(2023, 4, 3, 9, 12), from: "田中恵子 <keiko@kumo.example>", to: anna, charset: "iso-2022-jp", enc: "7bit",
			subject: "春の旅行について", text: "アンナさん、お元気ですか。\n\n来月、自転車で海まで行きませんか。道は平らで、桜がまだ咲いているはずです。\n宿はわたしが予約しておきます。\n\n恵子\n"},
		{id: "t-ru", date: at(2023, 4, 9, 18, 40), from: "Иван Соколов <ivan@sosna.example>", to: anna, charset: "koi8-r", enc: "base64",
			subject: "Письмо с дачи", text: "Здравствуй, Анна!\n\nСнег сошёл, и я достал из сарая старый велосипед. Цепь ржавая, но колёса целы.\nПриезжай в мае, яблони будут в цвету.\n\nИван\n"},
		{id: "t-el", date: at(2023, 5, 2, 20, 5), from: "Δημήτρης Παππάς <dimitris@elia.example>", to: anna, charset: "iso-8859-7", enc: "quoted-printable",
			subject: "Νέα από το νησί", text: "Καλησπέρα Άννα,\n\nτο ποδήλατο που άφησες στο λιμάνι είναι ακόμα εδώ και σε περιμένει.\nΟι ελιές πήγαν καλά φέτος.\n\nΔημήτρης\n"},
		{id: "t-zh", date: at(2023, 5, 11, 7, 30), from: "李伟 <liwei@zhulin.example>", to: anna, charset: "gb18030", enc: "base64",
			subject: "关于下个月的安排", text: "安娜，你好：\n\n我买了一辆二手自行车，每天骑车去果园。路上要四十分钟，空气很好。\n你什么时候再来看我们？\n\n李伟\n"},
		{id: "t-ko", date: at(2023, 5, 20, 11, 55), from: "김민준 <minjun@sonamu.example>", to: anna, charset: "euc-kr", enc: "base64",
			subject: "사진 잘 받았습니다", text: "안나 씨, 안녕하세요.\n\n보내 주신 사진 잘 받았습니다. 아이들이 빨간 자전거를 제일 좋아하네요.\n가을에 사과를 따러 꼭 가겠습니다.\n\n민준 드림\n"},
		{id: "t-fr", date: at(2023, 6, 1, 8, 20), from: "Claire Dubois <claire@verger.example>", to: anna, charset: "iso-8859-15", enc: "quoted-printable",
			subject: "La fête de l'été à Sète", text: "Chère Anna,\n\nj'ai réparé la bicyclette de grand-mère : la sonnette marche, le frein arrière un peu moins. Le tout pour 35 €.\nÀ bientôt sur la plage, même s'il pleut.\n\nClaire\n"},
		{id: "t-es", date: at(2023, 6, 14, 22, 10), from: "Lucía Ortega <lucia@naranjo.example>", to: anna, charset: "utf-8", enc: "quoted-printable",
			subject: "¿Cuándo vienes a Córdoba?", text: "Querida Anna:\n\nLos niños ya saben ir en bicicleta y quieren enseñarte el camino del río.\nTe guardamos la habitación pequeña, la del balcón.\n\nUn abrazo,\nLucía\n"},
		{id: "t-fahrrad-1", date: at(2023, 7, 4, 19, 2), from: "Jürgen Fröhlich <juergen@werkstatt.example>", to: anna, charset: "windows-1252", enc: "quoted-printable",
			subject: "Im Keller aufgeräumt", text: "Hallo Anna,\n\n„Das grüne Fahrrad steht im Keller“ – so stand es auf dem Zettel, und da steht es wirklich.\nDie Reifen sind platt, sonst fehlt ihm nichts.\n\nJürgen\n"},
		{id: "t-fahrrad-2", date: at(2023, 7, 9, 10, 31), from: "Flohmarkt am Fluss <post@flohmarkt.example>", to: anna, charset: "utf-8", enc: "base64", html: true,
			subject: "Ihre Anzeige ist online", text: fleaMarket},
		{id: "t-list", date: at(2023, 8, 21, 6, 45), from: "Tom Baker <tom@baker.example>", to: "orchard-talk@lists.orchard.example", charset: "us-ascii", enc: "7bit",
			extra:   []string{"List-Id: Talk among orchard keepers <orchard-talk.lists.orchard.example>", "List-Post: <mailto:orchard-talk@lists.orchard.example>", "List-Unsubscribe: <mailto:orchard-talk-leave@lists.orchard.example>", "Precedence: list"},
			subject: "[orchard-talk] Codling moth, second flight", text: "All,\n\nthe traps caught forty moths last night.\n\n>From what I remember of 2018 the second flight came a week later.\nDoes anybody south of the river see the same?\n\nTom\n_______________________________________________\norchard-talk mailing list\n"},
		{id: "t-bounce", date: at(2023, 8, 30, 13, 13), raw: bounce},
		{id: "t-big5", date: at(2023, 9, 5, 16, 0), from: "陳美玲 <meiling@chahua.example>", to: anna, charset: "big5", enc: "base64",
			subject: "茶園的消息", text: "安娜：\n\n今年的春茶已經賣完了，下一批要等到冬天。我先留兩罐給你。\n\n美玲\n"},
		{id: "t-uk", date: at(2023, 9, 12, 21, 17), from: "Оксана Мельник <oksana@verba.example>", to: anna, charset: "windows-1251", enc: "8bit",
			subject: "Рецепт пирога", text: "Анно, вітаю!\n\nНадсилаю обіцяний рецепт: склянка борошна, два яйця, кілограм яблук і трохи терпіння.\nПекти годину.\n\nОксана\n"},
	}, childrenDrafts()...)
}

// fleaMarket has its word only in HTML, and that only in base64.
const fleaMarket = `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>Anzeige</title><style>.vorschau{display:none}</style></head>
<body><div class="vorschau">Nur heute: alles muss raus</div>
<h1>Ihre Anzeige</h1>
<table><tr><td>Titel</td><td>Fahrrad, grün, mit Korb</td></tr><tr><td>Preis</td><td>60&nbsp;&euro;</td></tr></table>
<p>Sie l&auml;uft <b>vier Wochen</b>. <a href="https://flohmarkt.example/anzeige/88123">Anzeige ändern</a></p></body></html>
`

const bounce = `Return-Path: <>
Message-ID: <20230830111300.7A1C2@mx.apfelhof.example>
Date: Wed, 30 Aug 2023 13:13:00 +0200
From: MAILER-DAEMON@mx.apfelhof.example (Mail Delivery System)
To: anna@apfelhof.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="7A1C2.1693393980/mx.apfelhof.example"

This is a MIME-encapsulated message.

--7A1C2.1693393980/mx.apfelhof.example
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.apfelhof.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<rosa@gaertnerei.example>: host mail.gaertnerei.example said: 552 5.2.2
    Mailbox full (in reply to RCPT TO command)

--7A1C2.1693393980/mx.apfelhof.example
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.apfelhof.example
Arrival-Date: Wed, 30 Aug 2023 13:12:41 +0200 (CEST)

Final-Recipient: rfc822; rosa@gaertnerei.example
Action: failed
Status: 5.2.2
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

--7A1C2.1693393980/mx.apfelhof.example
Content-Type: text/rfc822-headers

From: Anna <anna@apfelhof.example>
To: rosa@gaertnerei.example
Subject: Seedlings for September
Message-ID: <sept-seedlings@apfelhof.example>

--7A1C2.1693393980/mx.apfelhof.example--
`

// childrenDrafts are three autosaved versions of one letter that was never
// sent. Each goes on where the one before ended.
func childrenDrafts() []mail {
	texts := []string{
		"Dear Mia, dear Jon,\n\nthere are things I never told you about the house by the lake.\n",
		"Your grandfather built the jetty the summer before the war, with boards that he carried from the mill on his back. When I was nine he showed me the nail that he had bent, and said that one bent nail holds longer than ten straight ones.\n",
		"I have put the key behind the third stone of the well. Do not sell the orchard before you have slept one night in it in May.\n\nYour mother\n",
	}
	var out []mail
	for i := range texts {
		out = append(out, mail{
			id: "children-" + string(rune('1'+i)), date: at(2024, 2, 28, 22, 31+10*i), from: anna, to: "Mia <mia@lind.example>, Jon <jon@lind.example>",
			charset: "utf-8", enc: "7bit", subject: "For my children", text: strings.Join(texts[:i+1], "\n"),
			extra: []string{"X-Gmail-Labels: Drafts,Opened"},
		})
	}
	return out
}

// inboxSpecials are those of Thunderbird's Inbox. The first seven are found by
// their place: loose copies some of them.
func inboxSpecials() []mail {
	return []mail{
		{id: "i-pl", date: at(2022, 3, 5, 8, 1), from: "Agnieszka Wójcik <agnieszka@wierzba.example>", to: anna, charset: "iso-8859-2", enc: "quoted-printable",
			subject: "Zdjęcia z Łodzi", text: "Cześć Aniu,\n\nmój stary rower stoi jeszcze u ciebie w stodole? Chętnie zabiorę go w święta.\nŁódź pozdrawia, śnieg już stopniał.\n\nAgnieszka\n"},
		{id: "i-tr", date: at(2022, 3, 19, 17, 44), from: "Emre Yıldız <emre@cinar.example>", to: anna, charset: "windows-1254", enc: "8bit",
			subject: "İstanbul'dan selamlar", text: "Merhaba Anna,\n\nbisiklet turu için yer ayırttım: Eylül'ün ilk haftası, altı kişi. Çadır ve uyku tulumu bizden.\nGörüşmek üzere,\nEmre\n"},
		{id: "i-he", date: at(2022, 4, 14, 12, 0), from: "נועה לוי <noa@rimon.example>", to: anna, charset: "windows-1255", enc: "base64",
			subject: "ברכות לחג", text: "אנה היקרה,\n\nהילדים קיבלו אופניים חדשים ורוכבים כל היום בין העצים.\nשנה טובה ומתוקה לכולכם.\n\nנועה\n"},
		{id: "i-ar", date: at(2022, 5, 1, 9, 30), from: "أميرة حداد <amira@yasmin.example>", to: anna, charset: "windows-1256", enc: "base64",
			subject: "رسالة من بيروت", text: "عزيزتي آنا،\n\nاشتريت دراجة مستعملة وأذهب بها كل صباح إلى السوق.\nأرسلت لك صندوقا من اللوز المحمص.\n\nأميرة\n"},
		{id: "i-fi", date: at(2022, 5, 28, 14, 14), from: "Aino Virtanen <aino@koivu.example>", to: anna, charset: "iso-8859-15", enc: "quoted-printable",
			subject: "Kesämökin avain", text: "Hei Anna,\n\npolkupyörä on liiterissä ja avain tutussa paikassa kiven alla. Yö mökillä maksaa 20 €.\nTervetuloa saunaan!\n\nAino\n"},
		{id: "i-cs", date: at(2022, 6, 9, 19, 50), from: "Petra Nováková <petra@lipa.example>", to: anna, charset: "windows-1250", enc: "8bit",
			subject: "Višně jsou zralé", text: "Ahoj Anno,\n\nvišně jsou zralé, přijeď si jich natrhat plný koš. Žebřík půjčí soused.\n\nPetra\n"},
		{id: "i-pdf", date: at(2023, 11, 17, 10, 6), from: "Gärtnerei Rosa Ahrens <buero@gaertnerei.example>", to: anna, charset: "utf-8", enc: "quoted-printable",
			subject: "Rechnung 2023-117", text: "Sehr geehrte Frau Groß,\n\nanbei die Rechnung über 240 € für zwölf Hochstämme.\n\nMit freundlichen Grüßen\nRosa Ahrens\n",
			files: []file{{name: "rechnung-2023-117.pdf", typ: "application/pdf", data: pdf("Rechnung 2023-117: zwoelf Hochstaemme, Sorte Boskoop")}}},
		{id: "i-forward", date: at(2022, 7, 7, 7, 7), from: "Tom Baker <tom@baker.example>", to: anna, charset: "us-ascii", enc: "7bit",
			subject: "Fwd: an old recipe", text: "Found this in my grandmother's mail. See below.\n\nTom\n",
			files: []file{{name: "old recipe.eml", typ: "message/rfc822", plain: true, data: []byte(recipe)}}},
		{id: "i-escape", date: at(2022, 8, 2, 3, 3), from: "Lucky Winner <prize@casino.example>", to: anna, charset: "us-ascii", enc: "7bit",
			subject: "You have \x1b[31mwon\x1b[0m \x1b]0;owned\x07", text: "Click now.\x1b[2J\x1b[H\n\x1b]8;;http://casino.example/\x1b\\your prize\x1b]8;;\x1b\\\n\x1b[?1049h\x07\n"},
		{id: "i-from", date: at(2022, 8, 15, 16, 20), from: "Tom Baker <tom@baker.example>", to: anna, charset: "us-ascii", enc: "7bit",
			subject: "How to get here", text: "Anna,\n\nFrom the station it is a walk of ten minutes.\nTurn left at the mill.\n\nFrom Monday on the bridge is closed.\n\nFrom tom@baker.example Mon Aug 15 is how the old program began a letter;\nthis line only looks like it.\n\nTom\n"},
		{id: "i-html", date: at(2022, 9, 1, 5, 0), from: "Kräuterbrief <brief@kraeuter.example>", to: anna, charset: "utf-8", enc: "quoted-printable", html: true,
			subject: "Kräuterbrief 36: Salbei", text: newsletter},
		{id: "i-sjis", date: at(2022, 9, 22, 10, 10), from: "田中恵子 <keiko@kumo.example>", to: anna, charset: "shift_jis", enc: "base64",
			subject: "お礼", text: "アンナさん、林檎の箱が無事に届きました。\nとても甘くて、家族みんなで毎朝食べています。ありがとうございました。\n\n恵子\n"},
		{id: "i-deleted", date: at(2022, 10, 3, 23, 1), from: "Tom Baker <tom@baker.example>", to: anna, charset: "us-ascii", enc: "7bit",
			extra:   []string{"X-Mozilla-Status: 0009", "X-Mozilla-Status2: 00000000"},
			subject: "Please forget my last letter", text: "Anna, I was tired when I wrote it. Throw it away, and this one too.\n\nTom\n"},
		{id: "i-sv", date: at(2022, 10, 30, 15, 35), from: "Åsa Öberg <asa@bjork.example>", to: anna, charset: "iso-8859-1", enc: "8bit",
			subject: "Höstlov på Öland", text: "Hej Anna,\n\nvi cyklar runt ön hela veckan. Fåren är redan inne för vintern.\nHälsa alla därhemma!\n\nÅsa\n"},
	}
}

const recipe = `Message-ID: <quince-1999@baker.example>
Date: Sun, 17 Oct 1999 11:20:00 +0100
From: Edith Baker <edith@baker.example>
To: Tom Baker <tom@baker.example>
Subject: What you asked for
MIME-Version: 1.0
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

My dear boy,

in Tante Gretes K=FCche it was called Quittenbrot: two pounds of quinces, as=
 much sugar, and an afternoon at the stove.

Your grandmother
`

const newsletter = `<html><head><style>@media (max-width:600px){.breit{display:none}}</style></head><body>
<div style="display:none;font-size:1px;max-height:0;overflow:hidden">Diese Woche geht es um ein Kraut f&uuml;r den Winter&#847;&zwnj;&nbsp;&#847;&zwnj;&nbsp;</div>
<table width="600" class="breit"><tr><td><img src="https://kraeuter.example/kopf.png" alt="Kr&auml;uterbrief"></td></tr>
<tr><td><h2>Salbei richtig trocknen</h2><p>Schneiden Sie die Triebe <b>vor</b> der Bl&uuml;te und h&auml;ngen Sie sie kopf&shy;&uuml;ber auf.</p>
<ul><li>nicht in die Sonne</li><li>nicht in die K&uuml;che</li></ul></td></tr>
<tr><td><a href="https://klick.kraeuter.example/c/a1B2c3D4e5F6g7H8i9J0?utm_source=brief">Weiterlesen</a></td></tr></table>
<img src="https://klick.kraeuter.example/z.gif" width="1" height="1" alt="pixel"></body></html>
`

// draftMail is what Thunderbird's Drafts holds: one letter.
func draftMail() []mail {
	return []mail{{id: "d-seeds", date: at(2024, 1, 14, 20, 20), from: anna, to: "Rosa Ahrens <rosa@gaertnerei.example>", charset: "utf-8", enc: "8bit",
		extra:   []string{"X-Mozilla-Status: 0000", "X-Mozilla-Status2: 00000000", "X-Mozilla-Draft-Info: internal/draft; vcard=0; receipt=0; DSN=0; uuencode=0", "X-Identity-Key: id1", "FCC: mailbox://nobody@Local%20Folders/Sent"},
		subject: "Seedlings for the spring", text: "Dear Rosa,\n\ncould you put aside thirty seedlings of the early kind? I shall fetch them in March, when the\n"}}
}

// A looseFile is a single file and its octets.
type looseFile struct {
	name string
	data []byte
}

// looseMail are the loose messages that are no copies.
func looseMail() []looseFile {
	return []looseFile{
		{"1998.eml", []byte("From: edith@baker.example\nTo: tom@baker.example\nDate: Tue, 3 Mar 98 21:14:00 GMT\nSubject: the computer works\n\nDear Tom,\n\nthe young man from the shop has put it on the kitchen table. I am told that\nyou can read this within the hour. I shall believe it when you telephone.\n\nEdith\n")},
		{"no date.eml", []byte("Message-ID: <nodate@apfelhof.example>\nFrom: Anna <anna@apfelhof.example>\nTo: Anna <anna@apfelhof.example>\nSubject: note to myself\n\nLadder, gloves, two crates, the small saw.\n")},
		{"raw latin1.eml", encode("iso-8859-1", "From: Jörg Müller <joerg@muehle.example>\nTo: anna@apfelhof.example\nDate: Thu, 12 Sep 2002 08:00:00 +0200\nSubject: Grüße aus der Mühle\n\nLiebe Anna,\n\ndas Mehl ist gemahlen, vier Säcke, schön fein.\n\nJörg\n")},
		{"flowed.eml", []byte("Message-ID: <flowed@baker.example>\nDate: Fri, 04 Oct 2019 09:00:00 +0100\nFrom: Tom Baker <tom@baker.example>\nTo: Anna <anna@apfelhof.example>\nSubject: cider\nMIME-Version: 1.0\nContent-Type: text/plain; charset=us-ascii; format=flowed; delsp=no\n\nThe press runs since this morning and the whole yard smells \nof it. We have eleven barrels, and the twelfth leaks.\n\n> Shall I bring the bottles \n> on Sunday?\n\nYes, all that you can carry.\n\n-- \nTom\n")},
		{"two pictures.eml", crlf(mail{id: "l-pictures", date: at(2021, 12, 24, 16, 0), from: "Mia Lind <mia@lind.example>", to: anna, charset: "utf-8", enc: "8bit",
			subject: "Der Baum steht", text: "Liebe Mama, hier zwei Bilder vom Baum. Der Stern ist schief, das soll so sein.\n",
			files: []file{{name: "baum.gif", typ: "image/gif", data: gif}, {name: "stern.gif", typ: "image/gif", data: gif}}}.bytes())},
		{"invitation.eml", crlf(mail{id: "l-invitation", date: at(2023, 3, 1, 12, 0), from: "Tom Baker <tom@baker.example>", to: anna, charset: "us-ascii", enc: "7bit",
			subject: "Pruning day", text: "See the calendar entry. Bring gloves.\n",
			files: []file{{name: "pruning.ics", typ: "text/calendar", data: []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//orchard//EN\r\nBEGIN:VEVENT\r\nUID:pruning@baker.example\r\nDTSTAMP:20230301T110000Z\r\nDTSTART:20230311T090000Z\r\nSUMMARY:Pruning day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")}}}.bytes())},
		{"unlabelled.eml", []byte("Message-ID: <unlabelled@wierzba.example>\nDate: Mon, 06 Jun 2022 06:06:00 +0200\nFrom: agnieszka@wierzba.example\nTo: anna@apfelhof.example\nSubject: =?utf-8?Q?Jab=C5=82ka?=\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=wrong\n\nThe boundary of this message does not occur. A careful reader shows the text.\n")},
	}
}

// gif is a picture of one pixel.
var gif = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")
