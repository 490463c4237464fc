package files

import "testing"

func TestSeveral(t *testing.T) {
	for _, tt := range []struct {
		head, name string
		want       bool
	}{
		{letter(1), "a.eml", false},
		{"just text\n", "a.txt", false},
		{"", "empty", false},
		{mboxOf(1), "a", true},
		{"PK\x03\x04", "a.zip", true},
		{"147\n" + letter(1), "1.emlx", true},
		{"!BDN", "a.pst", true},
	} {
		if got := Several([]byte(tt.head), tt.name); got != tt.want {
			t.Errorf("%.10q %s: got %v, want %v", tt.head, tt.name, got, tt.want)
		}
	}
}
