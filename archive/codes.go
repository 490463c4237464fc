package archive

// Codes of findings. They never change their meaning; docs/FORMAT.md says what
// each one means and what mends it.
const (
	CodeMissingFile       = "missing-file"       // severe: no file of a listed message is there
	CodeSizeMismatch      = "size-mismatch"      // severe: a file is longer or shorter than listed
	CodeHashMismatch      = "hash-mismatch"      // severe: a file's octets are not those of its name
	CodeMissingQuarantine = "missing-quarantine" // severe: octets put aside are gone
	CodeMissingPlace      = "missing-place"      // a message is not in one of its mailboxes, but in another
	CodeUnlistedFile      = "unlisted-file"      // a message that no ledger line names
	CodeUnlistedPlace     = "unlisted-place"     // a message in a mailbox that no ledger line names
	CodeDoubleFile        = "double-file"        // a message that has two names in one mailbox
	CodeForeignFile       = "foreign-file"       // a file in mail/ that the archive did not put there
	CodeLeftoverTmp       = "leftover-tmp"       // a file in tmp left by a run that was stopped
	CodeGoneFile          = "gone-file"          // a file of a message that was removed by order
	CodeTornLine          = "torn-line"          // a ledger line that is not whole
	CodeLedgerLost        = "ledger-lost"        // there is no ledger
)
