package durable

// syncDir has nothing to do: Windows has no sync of a folder, NTFS keeps names
// in its journal.
func syncDir(string) error { return nil }
