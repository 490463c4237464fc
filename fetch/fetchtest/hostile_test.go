package fetchtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// hostile says for every number of the list of hostile servers (FETCHING,
// section 5) which test has a server that behaves so: a file below fetch, and
// a text in it, which is the name of a test or of a case in its table.
var hostile = map[int][2]string{
	1:  {"pop3/hostile_test.go", "H1 LF dot LF in a body"},
	2:  {"pop3/hostile_test.go", "H2 dots"},
	3:  {"pop3/hostile_test.go", "H3 odd octets"},
	4:  {"pop3/hostile_test.go", "H4 odd lines in UIDL"},
	5:  {"pop3/hostile_test.go", "H5 empty UIDL"},
	6:  {"pop3/hostile_test.go", "H6 one UIDL for all"},
	7:  {"pop3/hostile_test.go", "H7 UIDLs change"},
	8:  {"pop3/hostile_test.go", "H8 a UIDL comes back"},
	9:  {"pop3/hostile_test.go", "H9 no UIDL, TOP, CAPA"},
	10: {"pop3/hostile_conn_test.go", "H10 stalls in a message once"},
	11: {"pop3/hostile_conn_test.go", "H11 ends in a message"},
	12: {"pop3/hostile_conn_test.go", "H12 the last dot never comes"},
	13: {"pop3/hostile_conn_test.go", "H13 one RETR is refused"},
	14: {"pop3/hostile_conn_test.go", "H14 one message always ends the connection"},
	15: {"pop3/hostile_test.go", "H15 wrong sizes"},
	16: {"pop3/hostile_test.go", "H16 long lines"},
	17: {"pop3/hostile_conn_test.go", "H17 in use"},
	18: {"pop3/hostile_conn_test.go", "H18 password refused"},
	19: {"pop3/hostile_conn_test.go", "H19 no greeting"},
	20: {"pop3/hostile_conn_test.go", "H20 numbers shift after a break"},
	21: {"pop3/hostile_test.go", "H21 LF only"},
	22: {"pop3/hostile_conn_test.go", "H22 stray +OK before a message"},
	23: {"pop3/hostile_test.go", "H23 one octet per packet"},
	24: {"pop3/hostile_test.go", "H24 nearly nothing"},
	25: {"pop3/hostile_test.go", "H25 UIDL without end"},
	26: {"imap/hostile_test.go", `"cut, once"`},
	27: {"imap/hostile_test.go", `"hang-up before the message"`},
	28: {"imap/hostile_test.go", "silent in a literal"},
	29: {"imap/hostile_test.go", "no tagged answer"},
	30: {"imap/hostile_list_test.go", "H30 no greeting"},
	31: {"imap/hostile_test.go", "func TestRefusedSets("},
	32: {"imap/hostile_test.go", `"no answer"`},
	33: {"imap/hostile_test.go", `"NIL"`},
	34: {"imap/hostile_test.go", `"empty"`},
	35: {"imap/hostile_test.go", `"quoted body"`},
	36: {"imap/hostile_test.go", `"unknown responses"`},
	37: {"imap/hostile_test.go", `"unknown items"`},
	38: {"imap/hostile_test.go", `"uid after the body"`},
	39: {"imap/hostile_test.go", "func TestReverseOrder("},
	40: {"imap/hostile_test.go", `"each twice"`},
	41: {"imap/hostile_test.go", `"wrong size"`},
	42: {"imap/mailbox_test.go", "func TestUIDValidityChanges("},
	43: {"imap/hostile_list_test.go", "H43 UIDVALIDITY changes in mid-run"},
	44: {"imap/hostile_list_test.go", "H44 a UID has another message"},
	45: {"imap/signin_test.go", "func TestTellsWhoItIs("},
	46: {"imap/hostile_test.go", `"4 GB announced"`},
	47: {"imap/hostile_test.go", `"number beyond 64 bits"`},
	48: {"imap/hostile_list_test.go", "H48 a line without end"},
	49: {"imap/hostile_test.go", `"deep lists"`},
	50: {"imap/hostile_test.go", "func TestByeInMidRun("},
	51: {"imap/hostile_test.go", "func TestServerAsksForPause("},
	52: {"imap/mailbox_test.go", "func TestMailboxesThatDoNotOpen("},
	53: {"imap/hostile_list_test.go", "H53 odd names of mailboxes"},
	54: {"imap/hostile_test.go", "func TestVanishedInMidRun("},
	55: {"imap/hostile_list_test.go", "H55 a message arrives in mid-run"},
	56: {"imap/hostile_test.go", `"lower case, spaces"`},
	57: {"imap/mailbox_test.go", "func TestEmptyMailboxIsNotAskedForMessages("},
	58: {"imap/hostile_list_test.go", "H58 a long line is BAD"},
	59: {"imap/hostile_list_test.go", "H59 ten messages of each set"},
	60: {"imap/hostile_test.go", "func TestJunkAnywhere("},
	61: {"imap/mailbox_test.go", "func TestStrayAnswers("},
	62: {"imap/hostile_test.go", `"literal8"`},
	63: {"imap/hostile_test.go", "func TestShortLiteral("},
	64: {"imap/mailbox_test.go", "func TestLargestNumbers("},
	65: {"imap/mailbox_test.go", "func TestTimeOfArrival("},
	66: {"imap/hostile_test.go", `"flags outside the grammar"`},
	67: {"imap/hostile_list_test.go", "H67 ends after LOGIN"},
	68: {"imap/hostile_list_test.go", "H68 one message in two mailboxes"},
	69: {"imap/hostile_list_test.go", "H69 reset in place of the answer to LOGOUT"},
	70: {"pop3/signin_test.go", "H70 data ahead of the handshake"},
	71: {"imap/signin_test.go", "PREAUTH"},
	72: {"wire/wire_test.go", "func TestCertificates("},
	73: {"imap/signin_test.go", "LOGINDISABLED"},
	74: {"imap/hostile_list_test.go", "func TestCompressedLineWithoutEnd("},
	75: {"imap/hostile_list_test.go", "H75 all that ever was has vanished"},
	76: {"imap/hostile_list_test.go", "H76 HIGHESTMODSEQ goes back"},
	77: {"imap/stream_test.go", "func TestLargeMessageThatDoesNotGoOn("},
	78: {"imap/hostile_list_test.go", "H78 a mailbox is renamed in mid-run"},
	79: {"imap/hostile_list_test.go", "H79 two names for INBOX"},
	80: {"imap/watch_test.go", "func TestIdleIsRenewed("},
	81: {"imap/mailbox_test.go", "func TestHiddenMessages("},
	82: {"imap/hostile_list_test.go", "H82 the sign-in ends in mid-run"},
	83: {"imap/hostile_list_test.go", "H83 the octets of a UID differ"},
}

// TestEveryHostileServerHasATest fails for a number without a test.
func TestEveryHostileServerHasATest(t *testing.T) {
	text := map[string]string{}
	for n := 1; n <= 83; n++ {
		at, ok := hostile[n]
		if !ok {
			t.Errorf("no test for H%d", n)
			continue
		}
		file, what := at[0], at[1]
		if _, ok := text[file]; !ok {
			b, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(file)))
			if err != nil {
				t.Fatal(err)
			}
			text[file] = string(b)
		}
		if !strings.Contains(text[file], what) {
			t.Errorf("H%d: no %q in %s", n, what, file)
		}
	}
}
