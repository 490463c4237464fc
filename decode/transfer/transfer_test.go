package transfer

import (
	"bytes"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"mime/quotedprintable"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// codesOf gives the codes of faults, each once, in order.
func codesOf(faults []Fault) []string {
	var codes []string
	for _, f := range faults {
		if !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

// read decodes text in one piece and octet by octet, which must be the same.
func read(t *testing.T, encoding, text string) (string, []Fault) {
	t.Helper()
	r := NewReader(encoding, strings.NewReader(text))
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	slow := NewReader(encoding, iotest.OneByteReader(strings.NewReader(text)))
	again, err := io.ReadAll(iotest.OneByteReader(slow))
	if err != nil || !bytes.Equal(got, again) {
		t.Errorf("read octet by octet: got %q, %v, want %q", again, err, got)
	}
	return string(got), r.Faults()
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name, encoding, in, want string
		codes                    string
	}{
		{"identity", "8bit", "a\xff\r\n", "a\xff\r\n", ""},

		{"rfc 4648 section 10, 0", "base64", "", "", ""},
		{"rfc 4648 section 10, 1", "base64", "Zg==", "f", ""},
		{"rfc 4648 section 10, 2", "base64", "Zm8=", "fo", ""},
		{"rfc 4648 section 10, 3", "base64", "Zm9v", "foo", ""},
		{"rfc 4648 section 10, 6", "base64", "Zm9vYmFy", "foobar", ""},
		{"no padding", "base64", "Zm9vYg\r\n", "foob", ""},
		{"padding doubled", "base64", "Zm9vYg=====\r\n", "foob", ""},
		{"junk between", "base64", "VGhlIHBhcmNlbCBpcyBoZXJl !\r\n*\r\nLiBGZXRjaCBpdC4=\r\n", "The parcel is here. Fetch it.", "base64-junk"},
		{"two pieces", "base64", "VGhlIHBhcmNlbCBpcyBo\r\nZQ==\r\ncmUu\r\n", "The parcel is here.", "base64-concatenated"},
		{"remark after padding", "base64", "ecO2dMOkIHZhYW4uCg== ignored\r\n", "yötä vaan.\n", "base64-junk"},
		{"url-safe", "base64", "Pz4-w7_Dv8O_fn5-w7TDtD8_", "?>>ÿÿÿ~~~ôô??", "base64-urlsafe"},
		{"indented, blank lines", "base64", "   VGhlIHBhcmNlbCBp \r\n\r\n   cyBoZXJlLg==  \r\n", "The parcel is here.", ""},
		{"one character too many", "base64", "VGhlIHBhcmNlbCBpcyBoZXJlLiBG\r\nZ", "The parcel is here. F", "base64-cut"},
		{"junk in a short word, with padding", "base64", "PGh0*bWw+Cg==\r\n", "<html>\n", "base64-junk"},
		{"junk in a line after a shorter one", "base64", "VGhlIHBhcmNlbCBpcyBoZXJl\r\nISAg\r\nVGhlIHBhcmNlbC..BpcyBoZXJl\r\n", "The parcel is here!  The parcel is here", "base64-junk"},
		{"plain text", "base64", "Hello Carl, this was never encoded.\r\nSee you.\r\n", "Hello Carl, this was never encoded.\r\nSee you.\r\n", "base64-plain"},
		{"plain text, one word", "base64", "Hello\r\n", "Hello\r\n", "base64-plain"},
		{"one octet", "base64", "gQ==\r\n", "\x81", ""},
		{"short base64", "base64", "aGk=\r\n", "hi", ""},
		{"footer after padding", "base64", "VGhlIHBhcmNlbCBpcyBoZXJlIQ==\r\n\r\n____\r\nList: see the page\r\n", "The parcel is here!", "base64-footer"},

		{"rfc 2045 section 6.7", "quoted-printable", "Now's the time =\r\nfor all folk to come=\r\n to the aid of their country.", "Now's the time for all folk to come to the aid of their country.", ""},
		{"trailing blanks go", "quoted-printable", "a \t \r\nb=20\r\n", "a\r\nb \r\n", ""},
		{"lower case", "quoted-printable", "Gr=c3=bc=c3=9fe", "Grüße", ""},
		{"no escape", "quoted-printable", "a=b, 5=zz, K=C3=B6ln, x=\r\n=y", "a=b, 5=zz, Köln, x=y", "qp-bad-escape"},
		{"blanks after soft break", "quoted-printable", "Gr=C3=BC=C3=9F=  \r\ne", "Grüße", ""},
		{"character over a soft break", "quoted-printable", "Gr=C3=\r\n=BC=C3=9F=\r\ne", "Grüße", ""},
		{"equals at the end", "quoted-printable", "Gr=C3=BC=C3=9Fe=", "Grüße", "qp-cut"},
		{"half an escape at the end", "quoted-printable", "Gr=C3=BC=C3=9Fe=C", "Grüße", "qp-cut"},
		{"rule of equals signs", "quoted-printable", "a\r\n====  \r\n\r\nb=\r\n==\r\nc", "a\r\n====\r\n\r\nb=c", "qp-bad-escape"},
		{"rule at the end", "quoted-printable", "a\r\n===", "a\r\n===", "qp-bad-escape"},
		{"raw octets", "quoted-printable", "Grüße aus K=C3=B6ln", "Grüße aus Köln", ""},
		{"LF line ends", "quoted-printable", "a=\nb\nc", "ab\nc", ""},

		{"uuencode", "uuencode", "text before\nbegin 644 a.txt\n#0V%T\n`\nend\nafter\n", "Cat", ""},
		{"uuencode, blanks stripped", "uuencode", "begin 644 a\n$0V%T0\n\nend\n", "Cat@", ""},
		{"uuencode, no end", "uuencode", "begin 644 a\n#0V%T\n", "Cat", "uu-no-end"},
		{"uuencode, bad line", "uuencode", "begin 644 a\n#0V%T\nnot a line\n#0V%T\n`\nend\n", "CatCat", "uu-bad-line"},
		{"uuencode, none", "uuencode", "just text\n", "just text\n", "uu-no-begin"},

		{"yenc", "yenc", "=ybegin line=128 size=3 name=a b.txt\r\nm\x8b\x9e\r\n=yend size=3 crc32=\r\n", "Cat", ""},
		{"yenc, escape", "yenc", "=ybegin line=128 size=2 name=a\r\n=n=}\r\n=yend size=2\r\n", "\x04\x13", ""},
		{"yenc, size", "yenc", "=ybegin line=128 size=9 name=a\r\nm\x8b\x9e\r\n=yend size=9\r\n", "Cat", "yenc-size"},
		{"yenc, checksum", "yenc", "=ybegin line=128 size=3 name=a\r\nm\x8b\x9e\r\n=yend size=3 crc32=01234567\r\n", "Cat", "yenc-checksum"},
		{"yenc, no end", "yenc", "=ybegin line=128 size=3 name=a\r\nm\x8b\x9e\r\n", "Cat", "yenc-no-end"},
		{"yenc, none", "yenc", "text\n", "text\n", "yenc-no-begin"},

		{"binhex, none", "binhex", "text\n", "text\n", "binhex-no-begin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, faults := read(t, c.encoding, c.in)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if codes := strings.Join(codesOf(faults), " "); codes != c.codes {
				t.Errorf("got faults %q, want %q", codes, c.codes)
			}
		})
	}
}

// binhexFile encodes by RFC 1741: name, type and creator, lengths, forks.
func binhexFile(name string, data []byte, rle bool) string {
	crc := func(b []byte) []byte {
		c := crc16(0, b)
		return []byte{byte(c >> 8), byte(c)}
	}
	head := append([]byte{byte(len(name))}, name...)
	head = append(head, "\x00TEXTttxt\x00\x00\x00\x00"...)
	head = append(head, byte(len(data)>>8), byte(len(data)), 0, 0, 0, 0)
	file := slices.Concat(head, crc(head), data, crc(data), crc(nil))
	var packed []byte
	for i := 0; i < len(file); {
		n := 1
		for rle && n < 255 && i+n < len(file) && file[i+n] == file[i] {
			n++
		}
		packed = append(packed, file[i])
		if file[i] == 0x90 {
			packed = append(packed, 0)
		}
		if n > 2 {
			packed = append(packed, 0x90, byte(n))
		} else {
			n = 1
		}
		i += n
	}
	var s strings.Builder
	s.WriteString(binhexMark + " 4.0)\r\n\r\n:")
	acc, bits := uint32(0), 0
	for _, c := range packed {
		acc, bits = acc<<8|uint32(c), bits+8
		for bits >= 6 {
			bits -= 6
			s.WriteByte(binhexAlphabet[acc>>bits&63])
		}
	}
	if bits > 0 {
		s.WriteByte(binhexAlphabet[acc<<(6-bits)&63])
	}
	return s.String() + ":\r\n"
}

func TestBinHex(t *testing.T) {
	// The CRC of RFC 1741 is that of XMODEM; its check value is published.
	if got := crc16(0, []byte("123456789")); got != 0x31c3 {
		t.Fatalf("got CRC %#x, want 0x31c3", got)
	}
	data := append(bytes.Repeat([]byte("aaaaaaaab\x90"), 40), "the end"...)
	for _, rle := range []bool{false, true} {
		file := binhexFile("list.csv", data, rle)
		got, faults := read(t, "binhex", file)
		if got != string(data) || len(faults) > 0 {
			t.Errorf("rle %v: got %d octets, faults %v, want %d octets", rle, len(got), faults, len(data))
		}
		cut, faults := read(t, "binhex", file[:len(file)/2])
		if !strings.HasPrefix(string(data), cut) || len(cut) == 0 || codesOf(faults)[0] != "binhex-cut" {
			t.Errorf("rle %v: cut file: got %d octets, faults %v", rle, len(cut), faults)
		}
	}
}

// TestExpect: what the octets are said to be decides whether base64 may be
// plain text.
func TestExpect(t *testing.T) {
	const prose = "... base64-encoded sound goes here ...\r\n"
	for _, c := range []struct{ name, mediaType, in, want string }{
		{"three octets of a picture", "image/png", "AAEC\r\n", "\x00\x01\x02"},
		{"six octets of a file", "application/octet-stream", "AAECAwQF", "\x00\x01\x02\x03\x04\x05"},
		{"a word in a file", "application/octet-stream", "Hello\r\n", "Hello\r\n"},
		{"a word in a text", "text/plain", "Gone", "Gone"},
		{"prose in a file", "application/octet-stream", prose, prose},
		// What Python's base64 makes of "base64encodedsoundgoeshere".
		{"prose in a sound", "audio/basic", prose, "m\xab\x1e\xeb\x87\xa7r\x87^v\xca.\x9d\xd8(z\xc8^\xad"},
	} {
		r := NewReader("base64", strings.NewReader(c.in))
		r.Expect(c.mediaType)
		if got, err := io.ReadAll(r); err != nil || string(got) != c.want {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestFooterIsKeptApart(t *testing.T) {
	r := NewReader("base64", strings.NewReader("VGhlIHBhcmNlbCBpcyBoZXJlIQ==\r\n\r\n____\r\nList: see the page\r\n"))
	if _, err := io.ReadAll(r); err != nil {
		t.Fatal(err)
	}
	if got, want := string(r.Rest()), "____\r\nList: see the page\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestAgainstStandardLibrary compares clean input of many sizes, over window
// borders, with what the standard library reads.
func TestAgainstStandardLibrary(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{40, 56, 57, 58, 3071, 4096, 24575, 24576, 24577, 100_000} {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(rnd.Uint32())
		}
		flat := base64.StdEncoding.EncodeToString(data)
		var lines strings.Builder
		for rest := flat; rest != ""; {
			k := min(76, len(rest))
			lines.WriteString(rest[:k] + "\r\n")
			rest = rest[k:]
		}
		for name, text := range map[string]string{"lines": lines.String(), "one line": flat, "no padding": strings.TrimRight(flat, "=")} {
			got, err := io.ReadAll(NewReader("base64", strings.NewReader(text)))
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("base64 of %d octets, %s: got %d octets, %v", n, name, len(got), err)
			}
		}
		var qp bytes.Buffer
		w := quotedprintable.NewWriter(&qp)
		w.Binary = true
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(NewReader("quoted-printable", &qp))
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("quoted-printable of %d octets: got %d octets, %v", n, len(got), err)
		}
	}
}

func TestReadErrorComesThrough(t *testing.T) {
	for _, encoding := range []string{"base64", "quoted-printable", "uuencode", "yenc", "binhex"} {
		r := NewReader(encoding, io.MultiReader(strings.NewReader("Zm9vYmFy"), iotest.ErrReader(io.ErrUnexpectedEOF)))
		if _, err := io.ReadAll(r); err != io.ErrUnexpectedEOF {
			t.Errorf("%s: got %v, want %v", encoding, err, io.ErrUnexpectedEOF)
		}
	}
}

func TestFaultsAreBounded(t *testing.T) {
	r := NewReader("base64", strings.NewReader("VGhlIG5lZWRsZSBpcyBoZXJlLg==\r\n"+strings.Repeat("*A", 100_000)))
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range r.Faults() {
		if f.Code == "base64-junk" {
			n++
		}
	}
	if n > 20 {
		t.Errorf("got %d faults of one code, want at most 20", n)
	}
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		label, want string
		ok          bool
	}{
		{"7bit", "7bit", true}, {"", "7bit", true}, {"8BIT", "8bit", true}, {"8-bit", "8bit", true}, {"binary", "binary", true},
		{"Base64", "base64", true}, {"base-64", "base64", true}, {`"base64"`, "base64", true}, {"base64 (MIME)", "base64", true},
		{"base64;", "base64", true}, {"quoted printable", "quoted-printable", true}, {"Quoted-Printable;", "quoted-printable", true},
		{"x-uuencode", "uuencode", true}, {"uuencode", "uuencode", true}, {"x-uue", "uuencode", true}, {"x-yencode", "yenc", true},
		{"mac-binhex40", "binhex", true}, {"utf-8", "8bit", false}, {"x-none", "8bit", false},
		{strings.Repeat("base64", 100_000), "8bit", false},
	} {
		if got, ok := Canonical(c.label); got != c.want || ok != c.ok {
			t.Errorf("%.30q: got %q, %v, want %q, %v", c.label, got, ok, c.want, c.ok)
		}
	}
}

func TestBlocks(t *testing.T) {
	const before, after = "Here is the file:\r\n\r\n", "\r\nRegards, Ada\r\n"
	for _, c := range []struct{ name, block, encoding, file, data string }{
		{"uuencode", "begin 644 my list.csv\r\n#0V%T\r\n`\r\nend\r\n", "uuencode", "my list.csv", "Cat"},
		{"uuencode without end", "begin 644 a\r\n#0V%T\r\n", "uuencode", "a", "Cat"},
		{"yenc", "=ybegin line=128 size=3 name=a b.txt\r\nm\x8b\x9e\r\n=yend size=3\r\n", "yenc", "a b.txt", "Cat"},
		{"binhex", binhexFile("list.csv", []byte("1;2"), false), "binhex", "list.csv", "1;2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := before + c.block + after
			blocks := Blocks([]byte(text), 10)
			if len(blocks) != 1 {
				t.Fatalf("got %d blocks, want 1", len(blocks))
			}
			b := blocks[0]
			if b.Encoding != c.encoding || b.Name != c.file || string(b.Data) != c.data {
				t.Errorf("got %s %q %q, want %s %q %q", b.Encoding, b.Name, b.Data, c.encoding, c.file, c.data)
			}
			if rest := text[:b.Start] + text[b.End:]; rest != before+after {
				t.Errorf("got the rest %q, want %q", rest, before+after)
			}
		})
	}
	for _, prose := range []string{
		"begin 644 with the first page\nand go on\n",
		"begin again\n", "begin 644\n",
		"=ybegin line=128 size=1 name=x\n=ybegin line=128 size=1 name=x\n",
		binhexMark + " 4.0) was the first line of it.\nThen came text.\n",
		strings.Repeat("begin 644 a\n", 1000),
	} {
		if blocks := Blocks([]byte(prose), 10); len(blocks) != 0 {
			t.Errorf("%.40q: got %d blocks, want none", prose, len(blocks))
		}
	}
	many := strings.Repeat("begin 644 a\n#0V%T\n`\nend\n", 50)
	if got := len(Blocks([]byte(many), 7)); got != 7 {
		t.Errorf("got %d blocks, want 7", got)
	}
}

func FuzzTransfer(f *testing.F) {
	for _, s := range []string{
		"Zm9vYmFy\r\n", "Zg==\r\nZg==", "a=b=\r\n=C3=BC", "begin 644 a\n#0V%T\n`\nend\n",
		"=ybegin line=1 size=3 name=a\nm\x8b\n=yend size=3\n", binhexFile("a", []byte("data"), true), "Hello, this is plain.\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, encoding := range []string{"7bit", "base64", "quoted-printable", "uuencode", "yenc", "binhex"} {
			r := NewReader(encoding, bytes.NewReader(b))
			n, err := io.Copy(io.Discard, r)
			if err != nil {
				t.Fatalf("%s: %v", encoding, err)
			}
			if most := int64(len(b)) * 128; n > most { // BinHex: a count of 255 in 12 bits
				t.Errorf("%s: %d octets out of %d", encoding, n, len(b))
			}
			for _, x := range r.Faults() {
				if x.Offset < 0 || x.Offset > int64(len(b)) {
					t.Errorf("%s: fault %s at %d of %d", encoding, x.Code, x.Offset, len(b))
				}
			}
		}
		at := 0
		for _, x := range Blocks(b, 100) {
			if x.Start < at || x.End <= x.Start || x.End > len(b) {
				t.Fatalf("block %d-%d after %d of %d", x.Start, x.End, at, len(b))
			}
			at = x.End
		}
	})
}

func benchmarkText(encode func([]byte) string) string {
	data := make([]byte, 1<<20)
	rnd := rand.New(rand.NewPCG(3, 4))
	for i := range data {
		data[i] = byte(rnd.Uint32())
	}
	return encode(data)
}

func base64Lines(data []byte) string {
	var s strings.Builder
	for flat := base64.StdEncoding.EncodeToString(data); flat != ""; {
		k := min(76, len(flat))
		s.WriteString(flat[:k] + "\r\n")
		flat = flat[k:]
	}
	return s.String()
}

func benchmarkReader(b *testing.B, text string, open func(io.Reader) io.Reader) {
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	buf := make([]byte, 32<<10)
	for b.Loop() {
		r := open(strings.NewReader(text))
		for {
			if _, err := r.Read(buf); err != nil {
				break
			}
		}
	}
}

func BenchmarkBase64(b *testing.B) {
	text := benchmarkText(base64Lines)
	b.Run("own", func(b *testing.B) {
		benchmarkReader(b, text, func(r io.Reader) io.Reader { return NewReader("base64", r) })
	})
	b.Run("encoding-base64", func(b *testing.B) {
		benchmarkReader(b, text, func(r io.Reader) io.Reader { return base64.NewDecoder(base64.StdEncoding, r) })
	})
}

func BenchmarkQuotedPrintable(b *testing.B) {
	text := strings.Repeat("Sehr geehrte Frau M=C3=B6ller, vielen Dank f=C3=BCr Ihre Anfrage. Wir schi=\r\ncken Ihnen die gew=C3=BCnschten Unterlagen n=C3=A4chste Woche zu.\r\n", 8000)
	b.Run("own", func(b *testing.B) {
		benchmarkReader(b, text, func(r io.Reader) io.Reader { return NewReader("quoted-printable", r) })
	})
	b.Run("mime-quotedprintable", func(b *testing.B) {
		benchmarkReader(b, text, func(r io.Reader) io.Reader { return quotedprintable.NewReader(r) })
	})
}

func BenchmarkSmallBase64(b *testing.B) {
	benchmarkReader(b, base64Lines([]byte(strings.Repeat("A short text. ", 60))), func(r io.Reader) io.Reader { return NewReader("base64", r) })
}
