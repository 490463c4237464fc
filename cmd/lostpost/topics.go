package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// fetchTopics are the help pages about mail servers.
func fetchTopics() []*cobra.Command {
	return []*cobra.Command{
		{Use: "sign-in", Short: "Passwords: where fetch looks for them, and what providers want", Long: strings.TrimSpace(signInHelp)},
		{Use: "protocols", Short: "What POP, IMAP and MAPI are", Long: strings.TrimSpace(protocolsHelp)},
	}
}

const signInHelp = `
A password is never an argument and never stands in the configuration. It is looked for in this order:

--password-command CMD   the first line that the command prints; password_command in the configuration
--password-file FILE     the first line of a file that only its owner may read (chmod 600)
systemd credential       LoadCredential=lostpost-NAME:FILE in the service; NAME is the account, or the host of a URL
.netrc                   ~/.netrc: machine HOST login USER password …
the terminal             asked for, not shown, where there is one

What providers want:

app password    Gmail, Yahoo, iCloud, Fastmail and many others refuse the ordinary password and want one made for
                this program in the account's security settings. Gmail offers that only with two-step verification.
switched on     Some have POP and IMAP off until they are allowed in the settings of the web page.
user name       Mostly the whole address, sometimes the part before the @.
locked          Several wrong passwords lock an account for some time. So a refused password is not tried again.

A password goes over TLS only. --allow-plaintext is for servers that have none, and has to be asked for by name.
A certificate that cannot be verified is refused; --cafile FILE adds an authority of your own.
`

const protocolsHelp = `
POP3   fetches the mail of one mailbox, the INBOX. It knows no folders, no flags and no dates of arrival. With many
       programs it is set up to delete what was fetched, so the server may hold only the newest mail.
IMAP   shows all mailboxes with their flags and dates; the mail stays on the server. Take it if there is a choice.
MAPI   is how Outlook talks to Exchange. lostpost does not speak it; Exchange and Microsoft 365 offer IMAP too, if it
       is switched on, and Outlook can export.
SMTP   is how mail is sent. lostpost sends nothing.

imaps://user@host          IMAP, TLS from the start, port 993
imap+starttls://user@host  IMAP, TLS after a command, port 143
pop3s://user@host          POP3, TLS from the start, port 995
pop3+stls://user@host      POP3, TLS after a command, port 110
imap:// and pop3://        no TLS at all: only with --allow-plaintext

A user name with an @ in it is written as it is: imaps://anna@example.org@imap.example.org
`
