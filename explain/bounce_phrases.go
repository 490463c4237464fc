package explain

// The reasons of EXPLAIN.md section 5, as Recipient.Reason has them.
const (
	reasonUserUnknown = "userunknown"
	reasonHostUnknown = "hostunknown"
	reasonFull        = "mailboxfull"
	reasonTooLarge    = "messagetoolarge"
	reasonSpam        = "spamdetected"
	reasonContent     = "contenterror"
	reasonBlocked     = "blocked"
	reasonAuth        = "authfailure"
	reasonRate        = "ratelimited"
	reasonPolicy      = "policy"
	reasonExpired     = "expired"
	reasonNetwork     = "networkerror"
	reasonSuspended   = "suspended"
	reasonMailer      = "mailererror"
)

// A phraseGroup is words that servers use for one reason.
type phraseGroup struct {
	reason  string
	phrases []string // lower case, single blanks
}

// tellingPhrases mean one thing, whatever stands around them. The groups are
// gone through in order, and the first of which a phrase stands in the words of
// the server decides.
var tellingPhrases = []phraseGroup{
	// Limits of the sender, which would read as a full mailbox.
	{reasonRate, []string{
		"sending quota", "sending limit", "daily quota", "hourly quota", "message quota per", "exceeded daily", "exceeded hourly",
	}},
	// Rules about the sender's address, which would read as words about the recipient's.
	{reasonBlocked, []string{
		"sender verify failed", "sender verification failed", "sender address verification", "could not verify sender", "sender unknown",
		"unknown sender", "sender rejected", "sender not allowed", "sender not permitted", "sender denied", "sender refused",
		"sender address not allowed", "invalid sender", "bad sender address", "sender address invalid", "sender email is not valid",
		"mail from address is not", "is not allowed to send mail from", "not allowed to send from", "only accepts mail from",
		"only accept mail from", "recipient not accepted. (batv", "invalid ip for sending", "callout verif", "backscatter", "batv",
		"null sender", "empty envelope sender", "bounces not accepted", "does not accept bounces", "not owned by user",
		"address is not verified", "different address or alias", "émetteur invalide", "emetteur invalide", "expéditeur rejet",
		"absender abgelehnt", "unroutable sender", "sender is spammer", "sender blocked", "blocked sender", "sender address has been",
		"sender address rejected", "invalid domain name", "sender domain", "domain of sender", "senders domain", "sender's domain",
		"from: domain is invalid", "from address is invalid", "return path", "mail from domain", "envelope sender",
		"unverifyable sending", "unverifiable sending", "originating", "smtp server of your isp", "your isp's",
		"your provider's mail server", "not a registered gateway user", "mismatches client ip", "aup#cdrbl", "aup#bl",
		"not accepting connections", "not accept connections", "groups.google.com", "google groups", "weren't sent",
		"not been sent. please contact your internet service provider",
	}},
	// Who may write to a list or a group.
	{reasonPolicy, []string{
		"verification failed for <", "sender is not allowed", "sendernotauthenticated", "not permitted to send to",
		"only accepts messages from", "restricted to", "allowed senders", "not allowed to post", "not a member of", "are not subscribed",
		"members only", "posting to this list", "permission to post messages to the group",
		"you do not have permission to send to this recipient", "n'avez pas l'autorisation d'envoyer", "keine berechtigung",
		"nicht berechtigt", "restrictedsender", "not authorized to send to", "recipnotauthorized", "is not authorized to use",
		"user not authorized", "sender not authorized", "not authorized to relay", "closed for mail", "on hold",
	}},
	// Relaying, signing in, form of the message.
	{reasonPolicy, []string{
		"as a relay", "not a relay", "an open relay", "relay access denied", "relaying denied", "relaying not", "relay not permitted",
		"relay denied", "relay not allowed", "relaying is", "relaying prohibited", "unable to relay", "not permitted to relay",
		"not allowed to relay", "we do not relay", "relay operation rejected", "no relay", "cannot relay", "relaying mail",
		"relaying to", "relaying this", "denied relay", "rcpthosts", "isn't in my list of allowed", "mail relay", "open relay not",
		"authentication required", "authentication is required", "must authenticate", "not signed in", "smtp auth", "use smtp-auth",
		"pop before smtp", "check your mail before", "please log in", "log in first", "requires authentication", "rfc 5322 compliant",
		"rfc 2822 compliant", "rfc5322", "rfc2822", "rfc 5322", "rfc 2822", "rfc 822", "rfc822 compliant", "not rfc",
		"multiple addresses in from", "multiple from", "more than one from", "multiple 'from'", "missing from", "missing date",
		"missing message-id", "header error", "invalid header", "bad header", "malformed header", "header syntax", "duplicate header",
		"duplicate headers", "missing header", "bare lf", "bare linefeed", "bare newline", "bare <lf>", "bare cr", "line too long",
		"lines too long", "maximum line length", "mass mailer", "must issue a starttls", "starttls command first",
		"starttls is required", "requires tls", "tls required",
	}},
	{reasonFull, []string{
		"mailbox full", "mailbox is full", "mailbox was full", "mail box is full", "mailbox too full", "full mailbox", "mailfull",
		"mbox full", "mailbox has exceeded", "mailbox quota", "mailbox size limit", "mailbox exceeds", "mailbox over",
		"mailbox exceeded", "mail box full", "mail box space not enough", "mailbox is over", "mailboxes are full",
		"mailbox would exceed", "account is full", "account full", "user is full", "inbox is full", "inbox full", "inbox is too full",
		"quota exceed", "exceeded quota", "exceed quota", "exceeds quota", "exceeding quota", "exceeded his quota",
		"exceeded their quota", "exceeded its quota", "exceeded the quota", "exceeded email quota", "exceeds the quota",
		"exceeds allowed quota", "exceeds mailbox quota", "exceeding receivers mail quota", "exceed the allowed quota", "over quota",
		"overquota", "over-quota", "over his quota", "over the quota", "over its quota", "over their quota", "over disk quota",
		"above quota", "beyond quota", "out of quota", "quota violation", "quota is over", "quota full", "quota limit", "quota used",
		"storage quota", "disk quota", "disc quota", "user quota", "mail quota", "hard quota", "quota has been",
		"would be over the allowed quota", "over the maximum allowed mailbox", "over the maximum allowed number of messages",
		"exceeded storage", "storage allocation", "storage limit", "storage space", "out of storage", "size of the mailbox", "no space",
		"not enough space", "insufficient space", "not enough storage", "insufficient disk", "insufficient system storage",
		"insufficient system resources", "disk full", "disk is full", "out of disk", "space left", "too much mail data",
		"too many messages on this mailbox", "too many messages in the mailbox", "has exceeded the max", "has used up", "mailbox limit",
		"overdrawn", "exceeded its storage", "insufficient mailbox", "allowed disk space", "allocated space",
		"exceeded the maximum inbox", "exceeded the space limit", "postfach ist voll", "postfach des empfängers ist voll",
		"postfach voll", "speicherplatz", "kontingent", "überfüllt", "boîte pleine", "boite pleine", "boîte aux lettres est pleine",
		"boîte de réception est pleine", "boîte du destinataire est pleine", "espace de stockage", "quota dépassé", "quota depasse",
		"buzón lleno", "buzon lleno", "buzón está lleno", "buzón de correo está lleno", "buzón del destinatario está lleno", "cuota",
		"casella piena", "casella di posta piena", "casella è piena", "spazio esaurito", "caixa cheia", "caixa de correio cheia",
		"caixa postal cheia", "caixa de entrada cheia", "está cheia", "postvak is vol", "postvak vol", "mailbox is vol",
		"skrzynka jest pełna", "skrzynka pełna", "przepełnion", "przekroczon", "переполнен", "ящик заполнен", "квота", "一杯", "容量を超え",
		"容量が", "容量オーバ", "容量不足", "邮箱已满", "邮箱空间", "信箱已满", "用户邮箱满", "超出配额", "storedrv.deliver; mailbox full", "recipient storage full",
		"mapi exception quota", "mapiexceptionshutoffquotaexceeded", "quotaexceeded", "mailbox_full", "brevlådan är full",
		"postlådan är full", "postkassen er fuld", "postboksen er full", "postkassen er full", "postilaatikko on täynnä",
		"schránka je plná", "schránka plná", "postafiók megtelt", "postafiók tele", "posta kutusu dolu", "kutusu dolu", "사서함이 가득",
		"용량을 초과", "용량 초과", "μεγάλο μέγεθος γραμματοκιβωτίου", "γραμματοκιβώτιο είναι πλήρες", "скринька переповнена",
		"скриньку переповнено", "căsuța poștală este plină", "تجاوز الحصة", "صندوق البريد ممتلئ", "תיבת הדואר מלאה", "enough space",
		"has too many messages", "hat zuviele mails", "zuviele mails", "folder is full", "mailfolder is full", "reached disk quota",
		"mail box over", "mailbox for user is full",
	}},
	{reasonTooLarge, []string{
		"message too large", "message is too large", "message size exceeds", "message too big", "message is too big", "too long for",
		"larger than the", "larger than allowed", "size exceeds", "exceeds size limit", "exceeds the size limit", "exceeds fixed",
		"exceeds administrative limit", "exceeded maximum message size", "exceed maximum message size", "maximum message size",
		"max message size", "message size limit", "message length exceeds", "sizelimit", "recipsizelimit", "sendsizelimit",
		"sizeexceeded", "message size violation", "mail size limit", "mail too large", "mail too big", "exceed size limit",
		"message file too big", "mail data exceeds", "body too long", "nachricht ist zu groß", "zu groß", "zu gross", "trop volumineux",
		"taille maximale", "demasiado grande", "tamaño máximo", "troppo grande", "dimensioni massime", "muito grande", "tamanho máximo",
		"te groot", "zbyt duż", "слишком больш", "サイズを超え", "大きすぎ", "邮件太大", "邮件过大",
	}},
	{reasonSpam, []string{
		"mcspamsignature", "spamassassin", "spam detected", "detected as spam", "identified as spam", "considered spam",
		"considered as spam", "classified as spam", "marked as spam", "is spam", "as spam", "like spam", "be spam", "spam message",
		"spam content", "spam score", "spam mail", "spam signature", "spamsignature", "spam-like", "spam filter", "spam rule",
		"spam classification", "high probability of spam", "suspicion of spam", "suspected spam", "probable spam", "probably spam",
		"this is spam", "spam not", "spamming", "spam rejected", "spam, ", "[spam]", "- spam", "ube,", "unsolicited", "junk mail",
		"looks like spam", "mail is spam", "spam id", "spam-id", "anti-spam", "antispam", "spam list", "spam found", "spam:", "for spam",
		"spam email", "uribl", "surbl", "cloudmark", "brightmail", "spam refus", "blocked by spam", "spam & virus", "bulk email filter",
	}},
	{reasonAuth, []string{
		"dmarc", "dkim", " spf ", "spf:", "spf fail", "spf check", "spf record", "spf)", "(spf", "spf-", "spf.", "spf=",
		"sender policy framework", "openspf.", "spf.pobox.com", "domain authentication", "unauthenticated email", "not authenticated",
		"unauthenticated mail", "message is not authenticated", "authentication information", "does not pass authentication",
		"sender-id", "sender id (pra)", "not an authorized sender", "domain owner discourages", "not designated", "designated sender",
		"is not permitted by its domain", "adsp", "domainkeys", "authentication checks fail", "email rejected per", "must pass",
		"not authorized to send mail from", "fails to pass authentication",
	}},
	{reasonSuspended, []string{
		"account disabled", "account is disabled", "account has been disabled", "account that you tried to reach is disabled",
		"you tried to reach is disabled", "tried to reach is inactive", "mailbox disabled", "mailbox is disabled", "disabled mailbox",
		"mailbox has been disabled", "user disabled", "user is disabled", "address disabled", "recipient disabled", "email disabled",
		"disabled user", "disabled due to", "disabled recipient", "currently disabled", "account inactive", "account is inactive",
		"inactive account", "inactive user", "inactive mailbox", "user is inactive", "user inactive", "mailbox is inactive",
		"mailbox inactive", "inactive recipient", "recipient inactive", "currently inactive", "deactivated", "account is not active",
		"account suspended", "account is suspended", "account has been suspended", "mailbox locked", "mailbox is locked",
		"account locked", "account is locked", "mailbox is blocked", "account is blocked", "user is blocked", "has been blocked by user",
		"account blocked", "account closed", "account has been closed", "account expired", "account has expired", "mailbox expired",
		"expired account", "closed account", "mailbox frozen", "temporarily locked", "locked user", "been terminated",
		"not accepting messages", "not accepting mail", "isn't accepting messages", "not currently accepting",
		"does not accept mail at this", "invalid/inactive user", "account unavailable", "currently suspended", "been inactive",
		"user is not active", "recipient suspend", "user account is frozen", "mailbox temporarily disabled", "has been deactivated",
		"not allowed to receive mail", "account is not accepting", "deaktiviert", "stillgelegt", "désactivé", "desactive", "suspendu",
		"deshabilitad", "desactivad", "suspendid", "disattivat", "disabilitat", "sospes", "desativad", "uitgeschakeld", "geblokkeerd",
		"niet actief", "opgeheven", "wyłączon", "zablokowan", "nieaktywn", "отключ", "заблокирован", "неактив", "已停用", "被禁用", "已禁用",
		"冻结", "is frozen", "temporary locked", "falta de uso", "disabled or discontinued", "account is temporarily unavailable",
	}},
	{reasonHostUnknown, []string{
		"host unknown", "unknown host", "host not found", "host or domain name not found", "domain not found", "domain name not found",
		"domain does not exist", "domain doesn't exist", "domain must exist", "no such domain", "no such host", "unknown domain",
		"unrouteable domain", "unrouteable mail domain", "unroutable domain", "all relevant mx records point to non-existent",
		"name service error", "name or service not known", "nxdomain", "dns error", "dns failure", "dns lookup", "dns server",
		"mx record", "mx lookup", "null mx", "nullmx", "no mx", "mx points to", "mail exchanger", "no mail exchanger",
		"couldn't find any host", "cannot find a mail exchanger", "could not find a gateway", "illegal host/domain",
		"bad destination system", "domain unknown", "domain invalid", "host name lookup failure", "no route to the domain",
		"not a valid domain", "could not be resolved", "host not known", "domain not hosted", "domain is not hosted", "can't find host",
		"domain is not reachable", "no mx found", "mail exchanger or ip address", "indicated no smtp service", "name error",
	}},
	// A program said it, whatever it said.
	{reasonMailer, []string{
		"procmail:", "maildrop:",
	}},
	{reasonUserUnknown, []string{
		"user unknown", "unknown user", "no such user", "no such recipient", "no such mailbox", "no such account", "no such address",
		"no such person", "no such local user", "no such customer", "no such email", "no such mail", "no such alias", "no such a user",
		"no such name", "no user by that name", "no mailbox here", "no mailbox by that name", "no mailbox found", "no mailbox with",
		"no account by that name", "no local mailbox", "no recipient by that name", "no valid recipient", "no user with that",
		"no record of user", "no matches to nameserver query", "no known addressee", "unknown recipient", "unknown local",
		"unknown mailbox", "unknown address", "unknown account", "unknown email", "unknown e-mail", "unknown addressee",
		"unknown virtual", "unknown or illegal alias", "unknown rcpt", "unknown destination address", "recipient unknown",
		"recipients unknown", "recipient is unknown", "mailbox unknown", "address unknown", "account unknown", "addressee unknown",
		"recipient not found", "recipnotfound", "recipient was not found", "user not found", "address not found", "account not found",
		"mailbox not found", "mailbox wasn't found", "addressee not found", "not found in directory", "not listed in",
		"not known at this site", "not known here", "recipient not known", "no longer at this", "no longer works", "no longer valid",
		"no longer active here", "no longer here", "no longer on server", "no longer a valid", "no longer in use", "no longer with",
		"no longer employed", "no longer available at", "user does not exist", "user doesn't exist", "user doesnt exist",
		"account does not exist", "account doesn't exist", "mailbox does not exist", "mailbox doesn't exist", "address does not exist",
		"address doesn't exist", "recipient does not exist", "email does not exist", "not exist here", "addressee does not exist",
		"does not exist at", "does not exist on", "does not exist in", "doesn't exist at", "doesn't exist on",
		"you tried to reach does not exist", "nonexistent", "non-existent", "non existent", "does not have a", "doesn't have a",
		"does not have an account", "has no mailbox", "account was deleted", "account deleted", "mailbox has moved", "user has moved",
		"has moved to", "has changed to", "recipient has moved", "address has changed", "address changed", "invalid recipient",
		"invalid user", "invalid mailbox", "invalid rcpt", "recipient is invalid", "recipient invalid", "user invalid",
		"mailbox invalid", "invalid local", "bad destination mailbox", "bad destination email", "bad recipient", "bad mailbox",
		"bad email", "not a valid recipient", "not a valid user", "not a valid mailbox", "not a valid address", "not a valid email",
		"not valid user", "is not a known user", "not a known user", "not our customer", "not a local user", "not have the user",
		"isn't a valid", "this is not a valid", "not on this server", "unrouteable mail", "user not local", "not a mailbox",
		"unable to find recipient", "unable to verify user", "can't verify recipient", "recipient address rejected: undeliverable",
		"undeliverable address", "recipient address rejected: access denied", "recipient address rejected: unknown",
		"recipient doesn't exist", "unknown_user", "ldap entry", "name is not recognized", "not in my database", "possibly incorrect",
		"adresse d au moins un destinataire invalide", "no local user", "cannot find your recipient", "not accept mail for this user",
		"rcptto not found", "is not one of our users", "has no account", "account has been closed permanently",
		"konto ist in der organisation", "invalid final delivery", "リストにありません", "宛先が見つかりません", "nosuchuser", "no_such_user",
		"unable to find user", "cannot find user", "can't find user", "not an active address", "no mail box available",
		"is not a valid recipient", "does not have an email",
	}},
	{reasonRate, []string{
		"too many connections", "too many concurrent", "too many simultaneous", "too many sessions", "too many messages",
		"too many mails", "too many emails", "too many recipients", "too many failed", "too many requests", "too many invalid",
		"too many unknown", "too much mail", "too many smtp", "too many rcpt", "too many bad commands", "too many open",
		"connection rate", "concurrent connection", "maximum concurrency", "connections exceed", "max connections",
		"maximum connections", "number of connections", "connection limit", "concurrency limit", "rate limit", "rate-limit", "ratelimit",
		"rate of mail", "rate exceeded", "exceeded rate", "exceeded the rate", "at a rate", "sending rate", "message rate",
		"unusual rate", "throttl", "too fast", "slow down", "receiving mail too quickly", "is receiving mail at", "exceeded its limit",
		"daily limit", "hourly limit", "maximum messages", "unexpected volume", "user complaints", "[ts0", "ts03", "ts04",
		"frequency limited", "try again later, as", "recipient limit", "reached the limit", "zu viele", "trop de messages", "demasiados",
		"troppi messaggi", "zbyt wiele", "слишком много", "deferring connection", "temporarily deferred due to", "rate limited",
		"aup#in-13",
	}},
	{reasonBlocked, []string{
		"blocked using", "blocked by", "block list", "blocklist", "block-list", "blacklist", "black list", "black-list", "black listed",
		"spamhaus", "spamcop", "sorbs", "barracudacentral", "barracuda reputation", "rbl", "dnsbl", "real-time blackhole",
		"mail-abuse.org", "njabl", "uceprotect", "abuseat", "cbl.", "mapsrbl", "psbl", "surbl.org/", "senderscore", "senderbase",
		"banned", "bad reputation", "poor reputation", "low reputation", "reverse dns", "reverse lookup", "reverse ip", "rdns",
		"ptr record", "ptr ", "no reverse", "missing ptr", "no ptr", "client host rejected", "cannot find your hostname",
		"unable to find your", "cannot resolve your", "ip address blocked", "ip is blocked", "ip blocked", "ip reject",
		"you are not allowed to connect", "connection refused by", "connection rejected", "connection denied", "refused to talk to me",
		"refused connection from", "not accept mail from", "not accepting mail from", "not accept messages from",
		"does not accept mail from", "rejecting mail from", "dynamic ip", "dynamic/", "dialup", "dial-up", "open relay", "open proxy",
		"listed in", "listed at", "listed on", "listed by", "hlo name", "bad dns", "invalid dns", "dns ptr", "host is listed",
		"domain is listed", "greylist", "graylist", "grey list", "local blacklist", "mail server rejected", "sender ip", "hosts not in",
		"auf einer sperrliste", "sperrliste", "schwarze liste", "liste noire", "lista negra", "lista nera", "zwarte lijst", "czarn",
		"черн", "чёрн", "ブラックリスト", "黑名单", "拒绝连接",
	}},
	{reasonExpired, []string{
		"message expired", "delivery expired", "queue.expired", "retry timeout exceeded", "delivery time expired",
	}},
	{reasonMailer, []string{
		"improper sequence", "bad sequence", "queue file write error", "write error", "command died", "x-unix", "exit status",
		"exited with", "returned non-zero", "unable to execute", "cannot execute", "can't create output", "cannot update mailbox",
		"local configuration error", "internal system error", "internal server error", "ldap server", "service currently unavailable",
		"cannot open", "input/output error", "read-only file system", "deliver: ", "queue file",
	}},
	{reasonNetwork, []string{
		"lost connection", "connection lost", "connection timed out", "timed out while", "operation timed out", "timed out (",
		"timed out]", "connection refused", "connection reset", "connection dropped", "connection was dropped", "connection died",
		"connection closed", "no route to host", "network is unreachable", "host is unreachable", "host is down", "hop count",
		"too many hops", "hops exceeded", "mail loop", "loop detected", "loops back to", "mail forwarding loop", "mail loops",
		"routing loop", "loop!", "wasn't able to establish an smtp connection", "could not connect", "unable to connect",
		"cannot connect", "couldn't connect", "failed to connect", "can't connect", "no answer from host", "does not support tls",
		"starttls", "tls not available", "tls handshake", "tls negotiation", "certificate", "lost connection with", "dnssec", "tlsa",
		"mta-sts",
	}},
	{reasonExpired, []string{
		"retry time not reached", "message timed out", "message too old", "queue too long", "been in the queue", "in the queue for",
		"in queue too long", "could not be delivered for", "unable to deliver this message after", "unable to deliver within",
		"not delivered within", "undelivered for", "giving up", "given up", "gave up", "could not send message for",
		"cannot send message for", "cannot send message within", "could not send message within", "unable to deliver in",
		"undeliverable for", "failed to deliver after", "queue lifetime", "time limit for delivery", "maximum retries",
		"retries exceeded", "retries exhausted", "retry limit", "not been delivered after", "tried for", "tage lang",
		"zeitüberschreitung der warteschlange", "delai expire", "délai dépassé", "ha caducado", "ha expirado", "è scaduto", "已过期",
		"envelope expired", "not been collected", "still undelivered", "in the queue too long",
		"all hosts have been failing for a long time", "after multiple retries", "host not reachable",
		"did not accept our requests to connect", "could not initiate smtp conversation", "recipient server did not respond",
	}},
}
