package olm

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"lostpost/fetch"
)

// BenchmarkMessages reads an archive of 1,000 messages of 6 kB, each with an
// attachment of 20 kB.
func BenchmarkMessages(b *testing.B) {
	var entries []entry
	text := strings.Repeat("words that somebody wrote, ", 100)
	for i := range 1000 {
		a := entry{fmt.Sprintf("%sInbox/com.microsoft.__Attachments/%d.bin", top, i), strings.Repeat("octets of a file ", 1200)}
		xml := property("OPFMessageCopyBody", text) + property("OPFMessageCopyHTMLBody", "&lt;p&gt;"+text) + property("OPFMessageCopySubject", fmt.Sprint(i)) +
			`<OPFMessageCopyAttachmentList><messageAttachment OPFAttachmentName="a.bin" OPFAttachmentURL="` + a.name + `"/></OPFMessageCopyAttachmentList>`
		entries = append(entries, a, entry{fmt.Sprintf("%sInbox/message_%05d.xml", top, i), wrap(xml)})
	}
	archive := pack(b, entries...)
	b.ReportAllocs()
	for b.Loop() {
		for m, err := range open(b, archive, fetch.Options{}).Messages(b.Context(), fetch.NoState) {
			if err != nil {
				b.Fatal(err)
			}
			io.Copy(io.Discard, m.Body)
		}
	}
}
