package charset

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

func codesOf(faults []Fault) string {
	var codes []string
	for _, f := range faults {
		codes = append(codes, f.Code)
	}
	return strings.Join(codes, " ")
}

func TestDecode(t *testing.T) {
	koi := encode(t, charmap.KOI8R.NewEncoder().String, "Отчёт за второй квартал")
	koiLong := encode(t, charmap.KOI8R.NewEncoder().String, "Уважаемые коллеги, завтра совещание начнётся в девять часов.")
	cp1251 := encode(t, charmap.Windows1251.NewEncoder().String, "Добрый день, отправляю вам отчёт за квартал.")
	euc := encode(t, japanese.EUCJP.NewEncoder().String, "いつもお世話になっております。会議の資料です。")
	for _, c := range []struct {
		name, in, label, hint string
		want, used, codes     string
	}{
		{"ascii", "Hello", "us-ascii", "", "Hello", "us-ascii", ""},
		{"ascii, no label", "Hello", "", "", "Hello", "us-ascii", ""},
		{"ascii, utf-8", "Hello", "utf-8", "", "Hello", "utf-8", ""},
		{"ascii, unknown label", "Hello", "x-strange", "", "Hello", "us-ascii", "charset-unknown"},
		{"ascii, tilde and brace", "a ~{ b ~} c", "", "", "a ~{ b ~} c", "us-ascii", ""},
		{"ascii, terminal colours", "\x1b[31mred\x1b[0m", "iso-8859-1", "", "\x1b[31mred\x1b[0m", "iso-8859-1", ""},
		{"empty", "", "utf-16", "", "", "utf-16", ""},
		{"utf-8", "Grüße", "utf-8", "", "Grüße", "utf-8", ""},
		{"utf-8, U+FFFD of the sender", "a\uFFFDb", "utf-8", "", "a\uFFFDb", "utf-8", ""},

		// few octets say little
		{"one letter many times", "\xe9\xe9\xe9\xe9\xe9\xe9\xe9", "", "", "ééééééé", "windows-1252", "charset-guessed charset-missing"},
		{"three letters", "\xe6\xf8\xe5", "", "", "æøå", "windows-1252", "charset-guessed charset-missing"},
		{"a letter that ends a capital word", "Windows\xc6 and more", "", "", "WindowsÆ and more", "windows-1252", "charset-guessed charset-missing"},
		{"signs only", "\xb7\xb8\xb8\xb7\xb4\xaf` home page \xb7\xb8\xb8\xb7", "", "", "·¸¸·´¯` home page ·¸¸·", "windows-1252", "charset-missing"},
		{"two octets 0xa1", "<p>\xa1\xa1 Order now", "us-ascii", "", "<p>¡¡ Order now", "windows-1252", "charset-false-label"},
		{"two octets 0xa1 beside a sibling", "<p>\xa1\xa1 Order now", "", "gbk", "<p>\u3000 Order now", "gbk", "charset-missing"},
		{"the beginning of a file", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 Worldwide", "", "", "ÐÏ\x11à¡±\x1aá Worldwide", "windows-1252", "charset-missing"},
		{"few letters that are none in windows-1252", "f\x81r K\x94ln", "", "", "für Köln", "ibm850", "charset-missing"},

		// 4.1: labels
		{"latin_1", "Gr\xfc\xdfe", "latin_1", "", "Grüße", "iso-8859-1", ""},
		{"8859-1", "Gr\xfc\xdfe", "8859-1", "", "Grüße", "iso-8859-1", ""},
		{"utf8mb4", "Grüße", "utf8mb4", "", "Grüße", "utf-8", ""},
		{"cp-850", "Gr\x81\xe1e", "cp-850", "", "Grüße", "ibm850", ""},
		{"iso-8859-11", "\xa1\xd2", "iso-8859-11", "", "กา", "iso-8859-11", ""},
		{"viscii, letter among controls", "\x02 \xaa", "viscii", "", "Ẳ ế", "viscii", ""},
		{"tcvn, tone mark composed", "e\xb3 \x01", "tcvn", "", "é Ú", "tcvn", ""},
		{"windows-1258 composed", "Ti\xea\xecng", "windows-1258", "", "Tiếng", "windows-1258", ""},
		{"x-mac-ce", "P\x97jd\x90", "x-mac-ce", "", "Pójdź", "x-mac-ce", ""},
		{"kz-1048", "\xc0\x93\xa3", "kz-1048", "", "А“Ә", "kz-1048", ""},
		{"ebcdic through go-message", "\xc8\x85\x93\x93\x96", "ibm037", "", "Hello", "ibm037", ""},
		{"gb2312 means gbk", encode(t, simplifiedchinese.GBK.NewEncoder().String, "朱镕基"), "gb2312", "", "朱镕基", "gbk", ""},
		{"cp949", "\x8c\x63", "cp949", "", "똠", "euc-kr", ""},

		// stateful
		{"iso-2022-jp", "\x1b$B2q5D\x1b(B OK", "iso-2022-jp", "", "会議 OK", "iso-2022-jp", ""},
		{"iso-2022-jp, NEC row 13", "\x1b$B-!HV\x1b(B", "iso-2022-jp-ms", "", "①番", "iso-2022-jp", ""},
		{"iso-2022-jp, kana", "\x1b(IC=D\x1b(B OK", "iso-2022-jp", "", "ﾃｽﾄ OK", "iso-2022-jp", ""},
		{"iso-2022-jp, wave dash of JIS", "\x1b$B!A\x1b(B", "iso-2022-jp", "", "\u301c", "iso-2022-jp", ""},
		{"iso-2022-jp-2, Greek by single shift", "\x1b.F\x1bNa\x1bNb", "iso-2022-jp-2", "", "αβ", "iso-2022-jp-2", ""},
		{"iso-2022-jp-2, Korean", "\x1b$(CGQ1[\x1b(B", "iso-2022-jp-2", "", "한글", "iso-2022-jp-2", ""},
		{"iso-2022-jp, no label", "\x1b$B2q5D\x1b(B OK", "", "", "会議 OK", "iso-2022-jp", "charset-missing"},
		{"iso-2022-jp, half a character", "\x1b$B2\x1b(B", "iso-2022-jp", "", "\uFFFD", "iso-2022-jp", "charset-bad-octets"},
		{"iso-2022-jp, label on UTF-8", "会議", "iso-2022-jp", "", "会議", "utf-8", "charset-false-label"},
		{"iso-2022-kr", "\x1b$)C\x0eGQ1[\x0f OK", "iso-2022-kr", "", "한글 OK", "iso-2022-kr", ""},
		{"hz, rfc 1843", "This ~{<:Ky2;S{#,NpJ)l6HK!#~}Bye.", "hz-gb-2312", "", "This 己所不欲，勿施於人。Bye.", "hz-gb-2312", ""},
		{"hz, tilde", "a ~~ b", "hz", "", "a ~ b", "hz-gb-2312", ""},
		{"utf-7, rfc 2152", "A+ImIDkQ.", "utf-7", "", "A≢Α.", "utf-7", ""},
		{"utf-7, rfc 2152 Hi Mom", "Hi Mom -+Jjo--!", "unicode-1-1-utf-7", "", "Hi Mom -☺-!", "utf-7", ""},
		{"utf-7, plus", "1 +- 1, c++", "utf-7", "", "1 + 1, c++", "utf-7", ""},
		{"utf-7, surrogate pair", "+2D3eAA-", "utf-7", "", "😀", "utf-7", ""},

		// wide
		{"utf-16 with mark", "\xff\xfeA\x00\xfc\x00", "utf-16", "", "Aü", "utf-16", ""},
		{"utf-16 without mark, little endian", "A\x00\xfc\x00", "utf-16", "", "Aü", "utf-16", ""},
		{"utf-16 without mark, big endian", "\x00A\x00\xfc", "utf-16", "", "Aü", "utf-16", ""},
		{"utf-16 with mark, no label", "\xfe\xff\x00A", "", "", "A", "utf-16", "charset-missing"},
		{"utf-16, no mark, no label", "H\x00e\x00l\x00l\x00o\x00", "", "", "Hello", "utf-16", "charset-missing"},
		{"utf-16, lone surrogate", "\x00A\xd8\x00", "utf-16be", "", "A\uFFFD", "utf-16be", "charset-bad-octets"},
		{"utf-16 label on ASCII", "Hello Carl", "utf-16", "", "Hello Carl", "us-ascii", "charset-false-label"},
		{"utf-32 with mark", "\xff\xfe\x00\x00A\x00\x00\x00", "utf-32", "", "A", "utf-32", ""},
		{"utf-32 without mark", "\x00\x00\x00A", "utf-32", "", "A", "utf-32", ""},
		{"utf-8 with mark", "\xef\xbb\xbfGrüße", "utf-8", "", "Grüße", "utf-8", ""},
		{"latin text like a mark", "\xff\xfe so", "iso-8859-1", "", "ÿþ so", "iso-8859-1", ""},

		// 4.2: false labels
		{"cp1252 as latin-1", "L\x92\xe9t\xe9 \x96 5 \x80", "iso-8859-1", "", "L’été – 5 €", "windows-1252", "charset-false-label"},
		{"cp1252 as ascii", "L\x92\xe9t\xe9 \x96 5 \x80", "us-ascii", "", "L’été – 5 €", "windows-1252", "charset-false-label"},
		{"cp1250 as 8859-2", "\x9aest \xe8ty\xf8i", "iso-8859-2", "", "šest čtyři", "windows-1250", "charset-false-label"},
		{"utf-8 as latin-1", "Grüße", "iso-8859-1", "", "Grüße", "utf-8", "charset-false-label"},
		{"one utf-8 character under another label", "\xc3\xbc", "iso-8859-5", "", "УМ", "iso-8859-5", ""},
		{"latin-1 as utf-8", "Gr\xfc\xdfe aus K\xf6ln", "utf-8", "", "Grüße aus Köln", "windows-1252", "charset-false-label"},
		{"stray octet in utf-8", "Grüße aus Köln, Caf\xe9", "utf-8", "", "Grüße aus Köln, Café", "utf-8", "charset-mixed"},
		{"stray octet at the end, after a mark", "Grüße \xe2\x80", "utf-8", "", "Grüße ", "utf-8", "charset-cut"},
		{"cut in a character", "Grüße aus K\xc3", "utf-8", "", "Grüße aus K", "utf-8", "charset-cut"},
		{"surrogates in utf-8", "Gut \xed\xa0\xbd\xed\xb8\x80", "utf-8", "", "Gut 😀", "utf-8", "charset-surrogates"},
		{"russian as latin-1", cp1251, "iso-8859-1", "", "Добрый день, отправляю вам отчёт за квартал.", "windows-1251", "charset-false-label"},
		{"koi8-r as windows-1251", koiLong, "windows-1251", "", "Уважаемые коллеги, завтра совещание начнётся в девять часов.", "koi8-u", "charset-false-label"},
		{"windows-1251 as koi8-r", cp1251, "koi8-r", "", "Добрый день, отправляю вам отчёт за квартал.", "windows-1251", "charset-false-label"},
		{"umlauts stay latin", "test \xe4\xf6\xfc\xdf\xc4\xd6\xdc\xdf\xa4", "iso-8859-15", "", "test äöüßÄÖÜß€", "iso-8859-15", ""},
		{"euc-jp as shift_jis", euc, "shift_jis", "", "いつもお世話になっております。会議の資料です。", "euc-jp", "charset-false-label"},
		{"hint of a sibling", koi, "", "koi8-r", "Отчёт за второй квартал", "koi8-r", "charset-missing"},
		{"hint, few letters", "\xe4", "", "iso-8859-5", "ф", "iso-8859-5", "charset-missing"},
		{"ignored label", "Grüße", "x-user-defined", "", "Grüße", "utf-8", "charset-missing"},
		{"unknown label", koi, "x-strange", "", "Отчёт за второй квартал", "koi8-u", "charset-unknown"},
		{"pound sign is no letter", "Save \xa35.00 on tickets", "", "", "Save £5.00 on tickets", "windows-1252", "charset-missing"},
		{"apostrophe is no Han", "the world\x92s largest", "", "", "the world’s largest", "windows-1252", "charset-missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := Decode([]byte(c.in), c.label, c.hint)
			if r.Text != c.want || r.Used != c.used {
				t.Errorf("got %q as %s, want %q as %s", r.Text, r.Used, c.want, c.used)
			}
			if got := codesOf(r.Faults); got != c.codes {
				t.Errorf("got faults %q, want %q", got, c.codes)
			}
			if r.Declared != c.label {
				t.Errorf("got declared %q, want %q", r.Declared, c.label)
			}
		})
	}
}

func encode(t *testing.T, enc func(string) (string, error), text string) string {
	t.Helper()
	s, err := enc(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct{ want, labels string }{
		{"us-ascii", "ascii US-ASCII ansi_x3.4-1968 646"},
		{"utf-8", "3D\"utf-8\" utf8 UTF_8 utf-8*de unicode-1-1-utf-8 cp65001"},
		{"iso-8859-1", "latin1 ISO_8859-1:1987 iso8859-1 l1 cp819 iso-8859-1;format=flowed"},
		{"iso-8859-8", "iso-8859-8-i hebrew"},
		{"windows-1251", "win-1251 cp1251 x-cp1251"},
		{"ibm866", "dos-866 cp866"},
		{"windows-874", "cp874 dos-874"},
		{"shift_jis", "sjis x-sjis windows-31j ms932 windows-932 ibm-943 x-mac-japanese"},
		{"iso-2022-jp", "csISO2022JP iso-2022-jp-ms cp50220 _iso-2022-jp$ESC iso-2022-jp-1 iso-2022-jp-3"},
		{"euc-kr", "ks_c_5601-1987 ksc5601 windows-949 uhc ms949 ks_c_5601"},
		{"gbk", "gb2312 cp936 GB_2312-80"},
		{"big5", "big5-hkscs cp950 x-big5 windows-950"},
		{"hz-gb-2312", "hz HZ-GB-2312"},
		{"utf-7", "unicode-1-1-utf-7 x-unicode-2-0-utf-7"},
		{"utf-16", "ucs-2 unicode"},
		{"macintosh", "mac x-mac-roman"},
		{"", "unknown-8bit x-unknown default 8bit binary none ansi x-user-defined no-such-charset"},
	} {
		for label := range strings.FieldsSeq(c.labels) {
			if got := Canonical(label); got != c.want {
				t.Errorf("%q: got %q, want %q", label, got, c.want)
			}
		}
	}
	if got := Canonical(strings.Repeat("x", 1<<20)); got != "" {
		t.Errorf("a label of 1 MB: got %q, want none", got)
	}
}

// TestEveryNameHasAReader reads all octets under every canonical name.
func TestEveryNameHasAReader(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	seen := map[string]bool{}
	for _, name := range names() {
		if name == "" || seen[name] {
			continue
		}
		seen[name] = true
		c := byName(name)
		if c.kind == opaque {
			t.Errorf("%s has no reader of its own", name)
		}
		if text := c.read(all); !utf8.Valid(text) || len(text) == 0 {
			t.Errorf("%s: got %d octets of text, valid %v", name, len(text), utf8.Valid(text))
		}
		if Canonical(name) != name {
			t.Errorf("%s is not its own name, but %q", name, Canonical(name))
		}
	}
	if len(seen) < 75 {
		t.Errorf("got %d names, want at least 75", len(seen))
	}
}

// TestUnseenTexts are texts that the vote was not tuned on.
func TestUnseenTexts(t *testing.T) {
	for _, c := range []struct {
		enc  encoding.Encoding
		text string
	}{
		{japanese.ShiftJIS, "先日はありがとうございました。次回の打ち合わせは水曜日の午後三時からでお願いします。"},
		{japanese.EUCJP, "先日はありがとうございました。次回の打ち合わせは水曜日の午後三時からでお願いします。"},
		{simplifiedchinese.GBK, "各位同事，明天上午九点在一楼开会，请大家准时参加，不要迟到。"},
		{traditionalchinese.Big5, "各位同事，明天上午九點在一樓開會，請大家準時參加，不要遲到。"},
		{korean.EUCKR, "여러분, 내일 아침 아홉 시에 일 층에서 회의가 있습니다. 늦지 마세요."},
		{charmap.Windows874, "เรียนทุกท่าน พรุ่งนี้เช้ามีประชุมที่ชั้นหนึ่ง กรุณามาให้ตรงเวลา"},
		{charmap.Windows1252, "Estimado cliente: su pedido número 12 llegará mañana por la tarde. ¿Está usted en casa?"},
		{charmap.Windows1252, "Kära vänner, vi träffas på lördag vid sjön. Glöm inte att ta med något att äta."},
		{charmap.Windows1252, "Prezado senhor, a reunião será na próxima terça-feira às nove. Não falte, por favor."},
		{charmap.ISO8859_2, "Szanowni Państwo, załączam fakturę za wrzesień. Proszę o płatność w ciągu tygodnia."},
		{charmap.Windows1250, "Vážený pane, děkujeme za Vaši objednávku. Zboží zašleme příští středu. Šťastnou cestu!"},
		{charmap.Windows1251, "Уважаемые коллеги, завтра совещание начнётся в девять часов. Просьба не опаздывать."},
		{charmap.Windows1251, "СРОЧНО: ОТЧЁТ ЗА ТРЕТИЙ КВАРТАЛ НУЖЕН СЕГОДНЯ"},
		{charmap.KOI8R, "срочно: отчёт за третий квартал нужен сегодня"},
		{charmap.KOI8R, "Уважаемые коллеги, завтра совещание начнётся в девять часов. Просьба не опаздывать."},
		{charmap.CodePage866, "Уважаемые коллеги, завтра совещание начнётся в девять часов. Просьба не опаздывать."},
		{charmap.ISO8859_7, "Αγαπητοί συνάδελφοι, η συνάντηση θα γίνει αύριο το πρωί στις εννέα. Παρακαλώ μην αργήσετε."},
		{charmap.Windows1255, "חברים יקרים, מחר בבוקר תתקיים ישיבה במשרד הראשי. נא להגיע בזמן ולהביא את המסמכים."},
		{charmap.Windows1256, "الزملاء الأعزاء، سيعقد الاجتماع غدا صباحا في المكتب الرئيسي. الرجاء الحضور في الموعد."},
		{charmap.Windows1254, "Değerli müşterimiz, siparişiniz yarın öğleden sonra ulaşacaktır. Lütfen evde olunuz."},
		{charmap.CodePage850, "Liebe Kollegen, die Präsentation für Mittwoch ist fertig. Bitte prüfen und Rückmeldung geben."},
	} {
		raw, err := c.enc.NewEncoder().String(c.text)
		if err != nil {
			t.Fatal(err)
		}
		if r := Decode([]byte(raw), "", ""); r.Text != c.text {
			t.Errorf("%v: read as %s: %.60q", c.enc, r.Used, r.Text)
		}
	}
}

// TestLinear doubles hostile texts and the time must not grow fourfold.
func TestLinear(t *testing.T) {
	for _, c := range []struct{ name, unit, label string }{
		{"escapes", "\x1b$B\x1b(B", "iso-2022-jp"},
		{"utf-7 shifts", "+AGE-+", "utf-7"},
		{"stray octets", "\xc3", "utf-8"},
		{"8-bit runs in iso-2022-jp", "\xff\x1b(Ba", "iso-2022-jp"},
		{"hz", "~{~}", "hz-gb-2312"},
		{"marks", "a\xb3", "tcvn"},
	} {
		run := func(n int) time.Duration {
			b := []byte(strings.Repeat(c.unit, n/len(c.unit)))
			start := time.Now()
			Decode(b, c.label, "")
			return time.Since(start)
		}
		run(1 << 16)
		small, big := run(1<<19), run(1<<21)
		for tries := 0; tries < 4 && big > 12*small && big > time.Second; tries++ {
			small, big = min(small, run(1<<19)), min(big, run(1<<21)) // other programs use the machine too
		}
		if big > 12*small && big > time.Second {
			t.Errorf("%s: %v for 512 kB, %v for 2 MB", c.name, small, big)
		}
	}
}

func FuzzCharset(f *testing.F) {
	for _, s := range []string{"Grüße", "Gr\xfc\xdfe", "\x1b$B2q5D\x1b(B", "~{<:Ky~}", "+AGE-", "\xff\xfeA\x00", "\x00A", "\xed\xa0\xbd\xed\xb8\x80\xc3"} {
		f.Add([]byte(s), "utf-8", "")
		f.Add([]byte(s), "", "koi8-r")
	}
	f.Fuzz(func(t *testing.T, b []byte, label, hint string) {
		before := bytes.Clone(b)
		for _, l := range []string{label, "", "utf-8", "iso-8859-1", "iso-2022-jp", "hz", "utf-7", "utf-16", "utf-32", "shift_jis", "tcvn"} {
			r := Decode(b, l, hint)
			if !utf8.ValidString(r.Text) {
				t.Fatalf("%q as %q: the text is not valid UTF-8: %q", b, l, r.Text)
			}
			if r.Used == "" {
				t.Fatalf("%q as %q: no charset was used", b, l)
			}
			if strings.Contains(r.Text, replacement) && !bytes.Contains(b, []byte(replacement)) &&
				!slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Lost }) && !strings.HasPrefix(r.Used, "utf-") && r.Used != "gb18030" && r.Used != "gbk" {
				t.Fatalf("%q as %q: U+FFFD without a loss", b, l)
			}
		}
		if !bytes.Equal(b, before) {
			t.Fatal("the input was changed")
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	long := strings.Repeat("Sehr geehrte Frau Möller, vielen Dank für Ihre Anfrage vom Montag. ", 200)
	latin, err := charmap.ISO8859_1.NewEncoder().String(long)
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, text, label string }{
		{"ascii", strings.Repeat("All work and no play makes Jack a dull boy.\n", 300), "us-ascii"},
		{"utf-8", long, "utf-8"},
		{"iso-8859-1", latin, "iso-8859-1"},
		{"no label", latin, ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			text := []byte(c.text)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				Decode(text, c.label, "")
			}
		})
	}
}
