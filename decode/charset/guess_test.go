package charset

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestUnlabelledSamples reads the 52 unlabelled texts of the one-fault suite,
// where that lies beside the repository.
func TestUnlabelledSamples(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "..", "shared", "corpora", "faults", "guess.jsonl"))
	if err != nil {
		t.Skip("the samples are not here: ", err)
	}
	defer f.Close()
	right, all := 0, 0
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var s struct {
			Lang, Charset, Length, Text string
			Raw                         []byte `json:"raw_base64"`
		}
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		all++
		got := Decode(s.Raw, "", "")
		if got.Text == s.Text {
			right++
			continue
		}
		t.Logf("%s %s %s: read as %s: %.60q", s.Lang, s.Charset, s.Length, got.Used, got.Text)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if right < 50 {
		t.Errorf("got %d of %d right, want 50", right, all)
	}
}
