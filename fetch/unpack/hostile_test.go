package unpack

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// small are limits that a test reaches quickly.
var small = Limits{Grace: 1 << 20, Ratio: 10}

const ratioWords = "unpacks to far more than mail does, like a zip bomb; not unpacked further"

func TestBombIsNamedAndTheRestGoesOn(t *testing.T) {
	zeros := strings.Repeat("\x00", 32<<20)
	good := member{"good.mbox", "From a"}
	stopped := fmt.Sprintf(" ! %s", ratioWords)
	for _, tt := range []struct {
		label string
		data  []byte
		bomb  string
	}{
		{"zip", makeZip(t, zip.Deflate, member{"bomb", zeros}, good), "bomb: "},
		{"gzip in tar", makeTar(t, member{"bomb.gz", string(makeGzip(t, []byte(zeros)))}, good), "bomb.gz!bomb: "},
		{"zstd in zip", makeZip(t, zip.Store, member{"bomb.zst", string(makeZstd(t, []byte(zeros)))}, good), "bomb.zst!bomb: "},
	} {
		t.Run(tt.label, func(t *testing.T) {
			lines := got(t, tt.data, "a", small)
			if len(lines) != 2 || !strings.HasPrefix(lines[0], tt.bomb) || !strings.HasSuffix(lines[0], stopped) || lines[1] != "good.mbox: From a" {
				t.Errorf("got %q", lines)
			}
		})
	}
}

func TestHonestFileMayPackWell(t *testing.T) {
	text := strings.Repeat("the same line again and again\n", 20_000) // 600 kB, over 100:1
	lines := got(t, makeZip(t, zip.Deflate, member{"a.mbox", text}), "a.zip", small)
	want(t, lines, []string{fmt.Sprintf("a.mbox: %d octets, %08x", len(text), crc32.ChecksumIEEE([]byte(text)))})
}

// TestOverlappingEntriesShareOneBudget has 500 entries over the same packed
// octets, each within the limits by itself (the method of D. Fifield's bombs).
func TestOverlappingEntriesShareOneBudget(t *testing.T) {
	data := makeZip(t, zip.Deflate, member{"a", strings.Repeat("\x00", 900<<10)})
	end := bytes.LastIndex(data, []byte(sigEnd))
	central := data[binary.LittleEndian.Uint32(data[end+16:]):end]
	bomb := bytes.Clone(data[:end])
	for range 499 {
		bomb = append(bomb, central...)
	}
	tail := bytes.Clone(data[end:])
	binary.LittleEndian.PutUint16(tail[8:], 500)
	binary.LittleEndian.PutUint16(tail[10:], 500)
	binary.LittleEndian.PutUint32(tail[12:], uint32(500*len(central)))
	bomb = append(bomb, tail...)
	whole, stopped := 0, 0
	for _, line := range got(t, bomb, "a.zip", small) {
		if strings.HasSuffix(line, ratioWords) {
			stopped++
		} else {
			whole++
		}
	}
	// 1 MiB and ten times some 26 kB.
	if whole != 1 || stopped != 499 {
		t.Errorf("%d entries were given whole and %d not, want 1 and 499", whole, stopped)
	}
}

func TestSparseTarIsNoBomb(t *testing.T) {
	// The map: one run of 1 octet, behind a hole of 8 TB.
	body := make([]byte, 1024)
	copy(body, "1\n8000000000000\n1\n")
	lines := got(t, sparseTar(t, body), "a.tar", small)
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "hole: ") || !strings.HasSuffix(lines[0], ratioWords) {
		t.Errorf("got %q", lines)
	}
}

func TestNestingHasALimit(t *testing.T) {
	data := []byte("From a")
	name := "mail"
	for i := range 20 {
		name = fmt.Sprintf("%d.zip", i)
		data = makeZip(t, zip.Store, member{name, string(data)}, member{"beside", "x"})
	}
	lines := got(t, data, "a.zip", Limits{})
	// The entry of the 8th level is a container and not opened; what lies
	// beside the containers is given on each level.
	if len(lines) != 9 {
		t.Fatalf("got %d lines: %q", len(lines), lines)
	}
	if !strings.HasPrefix(lines[0], "19.zip!18.zip!17.zip!16.zip!15.zip!14.zip!13.zip!12.zip! containers are nested too deep") {
		t.Errorf("got %q", lines[0])
	}
	for _, line := range lines[1:] {
		if !strings.HasSuffix(line, "beside: x") {
			t.Errorf("got %q", line)
		}
	}
}

func TestEntriesHaveALimit(t *testing.T) {
	inner := makeZip(t, zip.Store, member{"a", "1"}, member{"b", "2"}, member{"c", "3"})
	data := makeZip(t, zip.Store, member{"x.zip", string(inner)}, member{"y.zip", string(inner)}, member{"d", "4"})
	want(t, got(t, data, "a.zip", Limits{Entries: 6}), []string{"x.zip!a: 1", "x.zip!b: 2", "x.zip!c: 3", "y.zip!a: 1",
		"y.zip!b! container has too many entries; the rest was not read"})
}

func TestClaimOfTenMillionEntriesCostsNothing(t *testing.T) {
	data := makeZip(t, zip.Deflate, member{"a", "1"})
	end := bytes.LastIndex(data, []byte(sigEnd))
	binary.LittleEndian.PutUint16(data[end+8:], 0xffff)
	binary.LittleEndian.PutUint16(data[end+10:], 0xffff)
	// A zip64 record that claims 10 million.
	rec := make([]byte, lenEnd64+lenLocator64)
	copy(rec, sigEnd64)
	binary.LittleEndian.PutUint64(rec[32:], 10_000_000)
	binary.LittleEndian.PutUint64(rec[40:], uint64(binary.LittleEndian.Uint32(data[end+12:])))
	binary.LittleEndian.PutUint64(rec[48:], uint64(binary.LittleEndian.Uint32(data[end+16:])))
	copy(rec[lenEnd64:], sigLocator64)
	binary.LittleEndian.PutUint64(rec[lenEnd64+8:], uint64(end))
	data = append(data[:end:end], append(rec, data[end:]...)...)
	allocated := testing.AllocsPerRun(1, func() {
		want(t, got(t, data, "a.zip", Limits{}), []string{"a: 1",
			"! zip directory is missing or damaged: it names 10000000 entries, of which 1 can be read; 1 entries were found without it, others may be missing"})
	})
	if allocated > 1000 {
		t.Errorf("%.0f allocations", allocated)
	}
}

func TestEscapingNamesStayInside(t *testing.T) {
	t.Chdir(t.TempDir())
	evil := []member{{"../../../tmp/x", "1"}, {"/etc/cron.d/x", "2"}, {`..\..\x`, "3"}, {"a/../../b", "4"}}
	names := []string{"tmp/x: 1", "etc/cron.d/x: 2", "x: 3", "a/b: 4"}
	want(t, got(t, makeTar(t, evil...), "a.tar", Limits{}), names)
	want(t, got(t, makeZip(t, zip.Deflate, evil...), "a.zip", Limits{}), names)
	if left, _ := os.ReadDir("."); len(left) != 0 {
		t.Errorf("left on disk: %v", left)
	}
}

func TestTemporaryFilesLeaveNothingBehind(t *testing.T) {
	dir := t.TempDir()
	data := makeZip(t, zip.Deflate, member{"a", noise(2 << 20)}, member{"b", noise(3 << 20)})
	seq, _ := Files(bytes.NewReader(data), int64(len(data)), "a.zip", Limits{TempDir: dir})
	for f := range seq {
		f.Size()
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("%s: in the folder while it is read: %v", f.Name(), left)
		}
	}
	seq, _ = Files(bytes.NewReader(data), int64(len(data)), "a.zip", Limits{TempDir: dir + "/missing"})
	n := 0
	for f, err := range seq {
		n++
		if err != nil || !errors.Is(f.Damage(), os.ErrNotExist) {
			t.Errorf("without a folder for temporary files: %v, %v", err, f.Damage())
		}
	}
	if n != 2 {
		t.Errorf("got %d files, want 2", n)
	}
}

func TestTruncatedContainersGiveWhatIsThere(t *testing.T) {
	a, b, c := member{"a", noise(1000)}, member{"b", noise(2000)}, member{"c", noise(3000)}
	sum := func(m member, n int) string {
		return fmt.Sprintf("%s: %d octets, %08x", m.name, n, crc32.ChecksumIEEE([]byte(m.body[:n])))
	}
	zipped := sizedZip(t, a, b, c)
	inC := bytes.LastIndex(zipped, []byte(sigLocal)) + lenLocal + 1 + 100
	described := makeZip(t, zip.Deflate, a, b, c)
	inC2 := bytes.LastIndex(described, []byte(sigLocal)) + lenLocal + 1 + 100
	tarred := makeTar(t, a, b, c)
	noDirectory := " zip directory is missing or damaged: no end record; 3 entries were found without it, others may be missing"
	for _, tt := range []struct {
		label string
		data  []byte
		want  []string
	}{
		{"zip, sizes in local headers", zipped[:inC], []string{sum(a, 1000), sum(b, 2000), "c: …", "!" + noDirectory}},
		{"zip, sizes behind the data", described[:inC2], []string{sum(a, 1000), sum(b, 2000), "c: …", "!" + noDirectory}},
		{"zip cut in its directory", zipped[:len(zipped)-30], []string{sum(a, 1000), sum(b, 2000), sum(c, 3000), "!" + noDirectory}},
		{"stored zip, sizes behind the data", makeZip(t, zip.Store, a, b, c)[:6000+3*(lenLocal+1+16)+10], []string{sum(a, 1000), sum(b, 2000), sum(c, 3000), "!" + noDirectory}},
		{"tar", tarred[:512+1024+512+2048+512+1000], []string{sum(a, 1000), sum(b, 2000),
			sum(c, 1000) + " ! cut off after 1000 of 3000 octets: unexpected EOF", "! octet 5608: the tar is cut off: unexpected EOF"}},
		{"tar in gzip", without(makeGzip(t, tarred), 600), []string{"a.tar!" + sum(a, 1000), "a.tar!" + sum(b, 2000), "a.tar!c: …", "a.tar! octet …"}},
	} {
		t.Run(tt.label, func(t *testing.T) {
			lines := got(t, tt.data, "a.tgz", Limits{})
			want(t, lines, tt.want)
			if len(lines) > 2 && strings.HasSuffix(tt.want[2], "…") && !strings.Contains(lines[2], "unexpected EOF") {
				t.Errorf("the cut entry does not say so: %s", lines[2])
			}
		})
	}
}

func TestBadEntriesAreNamed(t *testing.T) {
	a, b := member{"a", strings.Repeat("a", 30)}, member{"b", "b"}
	edit := func(data []byte, sig string, off int, to ...byte) []byte {
		data = bytes.Clone(data)
		copy(data[bytes.Index(data, []byte(sig))+off:], to)
		return data
	}
	zipped := sizedZip(t, a, b)
	tarred := makeTar(t, a, b)
	badHeader := bytes.Clone(tarred)
	badHeader[0] = 'A' // the checksum does not fit any more
	gz := makeGzip(t, []byte("From a"))
	for _, tt := range []struct {
		label string
		data  []byte
		want  []string
	}{
		{"encrypted", edit(zipped, sigCentral, 8, flagEncrypted), []string{"a! entry is encrypted; unpack it with its password first", "b: b"}},
		{"unknown method", edit(zipped, sigCentral, 10, 98), []string{"a! zip entry is packed with method 98, which is not supported", "b: b"}},
		{"CRC of the zip", edit(zipped, sigCentral, 16, 1, 2, 3, 4), []string{"a: " + a.body + " ! octets are not those that were packed: CRC-32 differs", "b: b"}},
		{"size of the zip", edit(zipped, sigCentral, 24, 20), []string{"a: " + a.body + " ! octets are not those that were packed: 30 octets instead of 20", "b: b"}},
		{"local header outside", edit(zipped, sigCentral, 42, 0xff, 0xff, 0xff, 0x7f), []string{"a! zip entry at octet 2147483647: unexpected EOF", "b: b"}},
		{"deflate damaged", edit(zipped, sigLocal, lenLocal+1, 0xff, 0xff), []string{"a: …", "b: b"}},
		{"tar header in the middle", append(bytes.Clone(tarred[:1024]), badHeader...), []string{"a: " + a.body,
			"! octet 1536: the tar is damaged: archive/tar: invalid tar header", "b: b"}},
		{"CRC of gzip", append(gz[:len(gz)-8:len(gz)-8], 0, 0, 0, 0, 6, 0, 0, 0), []string{"a unpacked: From a ! octets are not those that were packed: gzip: invalid checksum"}},
		{"behind a gzip", append(bytes.Clone(gz), "not packed"...), []string{"a unpacked: From a ! something that is not packed follows after 6 octets: gzip: invalid header"}},
	} {
		t.Run(tt.label, func(t *testing.T) { want(t, got(t, tt.data, "a", Limits{}), tt.want) })
	}
}

func TestDamagedContainerInsideIsNamed(t *testing.T) {
	inner := sizedZip(t, member{"a", "1"}, member{"b", "2"})
	data := makeZip(t, zip.Deflate, member{"in.zip", string(inner[:len(inner)-5])}, member{"c", "3"})
	want(t, got(t, data, "a.zip", Limits{}), []string{"in.zip!a: 1", "in.zip!b: 2",
		"in.zip! zip directory is missing or damaged: no end record; 2 entries were found without it, others may be missing", "c: 3"})
}

// flaky fails behind the first octets, as a bad disk does.
type flaky struct {
	io.ReaderAt
	good int64
}

func (f flaky) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > f.good {
		return 0, errors.New("input/output error")
	}
	return f.ReaderAt.ReadAt(p, off)
}

func TestReadErrorsAreTold(t *testing.T) {
	for _, data := range [][]byte{makeGzip(t, []byte(noise(200_000))), makeTar(t, member{"a", noise(100_000)}, member{"b", "x"}), sizedZip(t, member{"a", noise(100_000)})} {
		seq, ok := Files(flaky{bytes.NewReader(data), 60_000}, int64(len(data)), "a", Limits{})
		if !ok {
			t.Fatal("not taken for a container")
		}
		told := false
		for f, err := range seq {
			if err == nil {
				err = f.Damage()
				if err == nil {
					_, err = f.ReadAt(make([]byte, f.Size()), 0)
				}
			}
			told = told || err != nil && strings.Contains(err.Error(), "input/output error")
		}
		if !told {
			t.Errorf("%.4q: the error of the disk is not told", data)
		}
	}
}

func TestWorkIsLinear(t *testing.T) {
	// Local headers that claim sizes beyond the end, each of which makes the
	// rest of the file its own: the rest must not be read once for each.
	var buf bytes.Buffer
	for i := range 20_000 {
		var h [lenLocal]byte
		copy(h[:], sigLocal)
		binary.LittleEndian.PutUint16(h[8:], 8)
		binary.LittleEndian.PutUint32(h[18:], 0x7fffffff)
		binary.LittleEndian.PutUint16(h[26:], 5)
		buf.Write(h[:])
		fmt.Fprintf(&buf, "%05d", i)
		buf.WriteString("\x00\x00\x00\xff\xff\x00\x00\x00\xff\xff") // empty stored blocks
	}
	start := time.Now()
	seq, _ := Files(bytes.NewReader(buf.Bytes()), int64(buf.Len()), "a.zip", Limits{})
	n := 0
	for f, err := range seq {
		if err == nil {
			f.Size()
		}
		n++
	}
	if d := time.Since(start); n < 20_000 || d > 5*time.Second {
		t.Errorf("%d entries took %v", n, d)
	}
}

func TestFalseEndRecordsAreBounded(t *testing.T) {
	// 2,900 end records, all of which point to the same 2 MB of central
	// headers and none of which counts right.
	one := sizedZip(t, member{"a", "1"})
	end := bytes.LastIndex(one, []byte(sigEnd))
	dir := int(binary.LittleEndian.Uint32(one[end+16:]))
	data := append(one[:dir:dir], bytes.Repeat(one[dir:end], 2<<20/(end-dir))...)
	for range 2900 {
		rec := bytes.Clone(one[end:])
		size := len(data) - dir
		binary.LittleEndian.PutUint16(rec[10:], 7)
		binary.LittleEndian.PutUint32(rec[12:], uint32(size))
		binary.LittleEndian.PutUint16(rec[20:], 1) // no comment of this length follows
		data = append(data, rec...)
	}
	start := time.Now()
	seq, _ := Files(bytes.NewReader(data), int64(len(data)), "a.zip", small)
	n := 0
	for range seq {
		n++
	}
	if d := time.Since(start); n == 0 || d > 5*time.Second {
		t.Errorf("%d entries took %v", n, d)
	}
}

func FuzzFiles(f *testing.F) {
	a, b := member{"a/b", noise(300)}, member{"c", strings.Repeat("c", 5000)}
	for _, data := range [][]byte{
		makeZip(f, zip.Deflate, a, b), makeZip(f, zip.Store, a, b), sizedZip(f, a, b), makeTar(f, a, b),
		makeGzip(f, makeTar(f, a, b)), makeZstd(f, makeZip(f, zip.Deflate, a)), makeZip(f, zip.Deflate, member{"x.tar", string(makeTar(f, a))}),
		sizedZip(f, a, b)[:400], makeTar(f, a, b)[:700], makeGzip(f, []byte(a.body))[:100],
	} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		seq, ok := Files(bytes.NewReader(data), int64(len(data)), "a", Limits{Entries: 1000, Grace: 1 << 16, Ratio: 20, TempDir: t.TempDir()})
		if !ok {
			return
		}
		total := int64(0)
		for file, err := range seq {
			if file == nil {
				continue
			}
			for _, p := range file.Path() {
				if strings.HasPrefix(p, "/") || strings.Contains("/"+p+"/", "/../") {
					t.Errorf("name %q", p)
				}
			}
			if err != nil {
				continue
			}
			n := file.Size()
			if got, _ := file.ReadAt(make([]byte, n+1), 0); int64(got) != n {
				t.Errorf("%s: read %d octets, Size is %d", file.Name(), got, n)
			}
			file.Damage()
			total += n
		}
		if limit := int64(1<<16) + int64(len(data))*20 + 64<<10; total > limit {
			t.Errorf("%d octets came out of %d, the limit is %d", total, len(data), limit)
		}
	})
}

// sparseTar is a PAX 1.0 sparse file of 8 TB whose map is body. archive/tar
// does not write such files.
func sparseTar(t *testing.T, body []byte) []byte {
	t.Helper()
	records := ""
	for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=hole", "GNU.sparse.realsize=8000000000001"} {
		n := len(r) + 2
		for n != len(fmt.Sprintf("%d %s\n", n, r)) {
			n++
		}
		records += fmt.Sprintf("%d %s\n", n, r)
	}
	header := func(name string, flag byte, size int) []byte {
		var b [blockSize]byte
		copy(b[:], name)
		copy(b[100:], "0000644\x000000000\x000000000\x00")
		copy(b[124:], fmt.Sprintf("%011o\x00%011o\x00        %c", size, 0, flag))
		copy(b[257:], "ustar\x0000")
		sum := 0
		for _, c := range b {
			sum += int(c)
		}
		copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
		return b[:]
	}
	pad := make([]byte, blockSize-len(records))
	out := append(header("pax", 'x', len(records)), records...)
	out = append(out, pad...)
	out = append(out, header("hole", '0', len(body))...)
	out = append(out, body...)
	return append(out, make([]byte, 1024)...)
}

// without leaves the last n octets out.
func without(data []byte, n int) []byte { return data[:len(data)-n] }
