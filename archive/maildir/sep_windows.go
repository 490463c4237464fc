package maildir

const sep = ";"
