"""What servers say when they refuse, by what they mean by it.

Collected from the documentation and the source of mail servers. The order within a group does not matter: in a reply, what
is said first counts (see `reasons`). The groups that mean "this address will never work" are written narrowly, the others
widely, as a wrong "never" loses a reader and a wrong "not this time" costs one more attempt.
"""

import re
from typing import Literal

Reason = Literal[
    "user_unknown",
    "host_unknown",
    "moved",
    "full",
    "disabled",
    "list",
    "sender",
    "relay",
    "blocked",
    "content",
    "rate",
    "network",
    "expired",
    "delayed",
    "unknown",
]

_WHO = (
    r"(user(name|id|\(s\))?|(e-?mail )?(account|address)(es)?|recipients?|mail ?box(es)?|addressee|alias|customer|subscriber"
    r"|employee|person|local[- ]part|e-?mail|inbox|destination|group)"
)
_NOT_THERE = (
    r"((does|do|did)( not|n['’`]?t) (appear to )?exist|(is |was |were |are )?(unknown|non-?existent|nonexistant|undefined)"
    r"|(is |was |were |are |could |can |can)?( ?not|n['’]t) (be |a |an )?(currently |longer )?"
    r"(found|known|listed|recogni[sz]ed|valid|registered|defined|located|deliverable|a valid|present|in (our|the) (director|database|system)|our customer|local)"
    r"|(is |are |was )?no(t any)? longer (on |valid|available|exist\w*|active|in use|here|with us|at this|employed|work\w*|used|monitored)"
    r"|(has|have) left|(has been |was |is |have been )(deleted|removed|closed|terminated|cancell?ed))"
)

_USER_UNKNOWN = (
    rf"\b(?<!sender )(?<!sender's ){_WHO}\b[^.;!?\n]{{0,70}}?(?<![\w-]){_NOT_THERE}",
    rf"\b(unknown|undefined|non-?existent|nonexistant) (or illegal )?(local |remote |mail )?{_WHO}",
    rf"\bno[nt]?[- ](such|a|an|valid|known|active|local|matching|our)( a| an| active| valid| known| local| registered)?[ \"'<>]{{1,5}}{_WHO}\b(?! of)",
    rf"\bno ((valid|active|such|matching|registered|local) )*{_WHO}( here| by that| with that| named| called| of that| exists| found| at this| for <>)",
    r"\b(invalid|bad|illegal|incorrect|wrong|undeliverable|unrout\w*|unreachable|mistyped)( or \w+)? (final (delivery )?)?(recipients?|destination|user(name| ?id)?|mail ?box|(e-?mail )?address|account|to address|local part|addressee)",
    r"\bmay not exist\b",
    r"\b(address|mail ?box|recipient|user|account)( is| was)? (invalid|not ok|not (a )?local|not accepted|not present|missing home)\b",
    r"\baddress rejected[.,]? *(\(|$|<>)|\bcan['’]t accept user|\bbad-recipient|\bbadrcptto|\bvalidrcptto|\bbadrecipientto",
    r"\b(there is )?no ?(one|body) (here )?(at|with|by) (this|that)|\bno longer accepts? (e-?)?mail|\benvelope recipient (has been|is|was) (denied|refused)",
    r"\b(does( not|n['’]t)|do not) have an? [^;]{0,40}\b(account|mailbox)",
    r"\b(has|there is) no (\w+ )?(account|mailbox|user)\b",
    r"\bnot (a|an|our) (valid |known |current |registered )?(user|customer|recipient|mailbox|account|address|e-?mail address)\b",
    r"\bnot listed in (the )?(public|domino|lotus|global|name|address|director)",
    r"\bresolver\.adr\.(ex)?recip(ient)?notfound",
    r"\b(unable|failed|not able) to (find|locate|resolve|identify) (the |this |a |any )?(recipient|user|mailbox|account|addressee)",
    r"\b(couldn['’]t|could not|cannot|can['’]t) (find|locate|resolve) (the |this |a |any |local )*(recipient|user|mailbox|account|addressee|alias)",
    r"\buser not (local|on this|here)\b",
    r"\bdelivery failed: user\b(?! (is )?over)",
    r"\bthis is not the (\w+ )?you are looking for",
    # German, French, Spanish, Portuguese, Italian, Dutch, Polish, Czech
    (
        r"\b(empf(ä|ae)nger(adresse)?|benutzer(name)?|(e-?mail-?)?adresse?|adressat|postfach|mailbox|teilnehmer|account)\b[^.;]{0,50}"
        r"\b(unbekannt|existiert nicht|nicht gefunden|nicht bekannt|ung(ü|ue)ltig|nicht vorhanden|gibt es nicht)"
    ),
    r"\b(unbekannter?|ung(ü|ue)ltiger?) (empf|benutzer|adress|nutzer)",
    r"\bkeine?n? (solchen? |gültigen? )?(benutzer|empf|postfach|mailbox|account|nutzer)",
    r"\b(utilisateur|destinataire|adresse|bo(î|i)te( aux lettres)?|compte)\b[^.;]{0,50}\b(inconnue?|invalide|inexistante?|introuvable|n['’]existe (pas|plus))",
    (
        r"\b(usuario|destinatario|direcci(ó|o)n|buz(ó|o)n|cuenta|usu(á|a)rio|endere(ç|c)o|conta|utente|indirizzo|casella)\b[^.;]{0,50}"
        r"\b(desconocid[oa]|desconhecid[oa]|no existe|n(ã|a)o existe|no v(á|a)lid[oa]|inv(á|a)lid[oa]|sconosciut[oa]|inesistente|non esiste|inexistente)"
    ),
    r"\b(onbekende|ongeldige) (gebruiker|ontvanger|adres)|\b(gebruiker|ontvanger|adres)\b[^.;]{0,30}\b(onbekend|bestaat niet)",
    r"\bnie (ma|istnieje) (takiego |taki )?(u(ż|z)ytkownik|adres|kont|konto)|\bneexistuj",
    # Russian, Ukrainian, Japanese, Chinese
    r"(нет такого|неизвестный|не существует|не найден)[^.;]{0,30}|пользователь[^.;]{0,30}не (найден|существует|зарегистрирован)",
    r"(ユーザー?|アドレス|宛先|あて先|メールボックス)[^。]{0,20}(存在しません|存在しない|見つかりません(でした)?|不明です)|宛先不明",
    r"(用户|收件人|用戶|帐号|地址)[^。]{0,12}(不存在|不正确|無效|无效)|不存在的(用户|邮箱|收件人)",
)

_HOST_UNKNOWN = (
    r"\b(unknown|no such|non-?existent|invalid|bad|unrout\w*|illegal)( mail| destination| recipient| target)* (host|domain)(?!s? name in|ing)",
    (
        r"(?<!client )(?<!helo )(?<!sender )\b(host|domain)( or domain)?( name)?( |: )(?!of (the )?sender|of your)[^.;]{0,50}?\b(not found|unknown|does( not|n['’]t) exist"
        r"|(could|can)(n['’]t| ?not) be (found|resolved)|is not reachable|is( not valid| invalid)|has no (mail|mx)|not exist)"
    ),
    r"\bcould(n['’]t| not) find (any host named|a mail exchanger|any mail exchanger|mx)",
    r"\bname or service not known|\bdomain must exist|\bmail domain mentioned",
    r"\bnxdomain\b|\bnull mx\b|\bno mx( records?)?( found)? (for|exists?)|\bno (valid )?(mx|mail exchanger)\b",
    r"\bmx( or srv)? records? (indicated no|point to non|for [^.;]{0,40} (not found|do(es)? not exist))",
    r"\ball relevant mx records point to non-?existent hosts",
    r"\b(does( not|n['’]t)) (receive|accept) (e-?mail|mail|any mail)\b",
    r"\b(domain|domäne|domaine|dominio)\b[^.;]{0,40}\b(unbekannt|existiert nicht|inconnu|n['’]existe pas|no existe|inesistente)",
)

_MOVED = (
    r"\b(has|have|is|was) (been )?moved\b",
    r"\bmailbox (has )?moved|\bhas moved|\buser (has )?moved|\brecipient (has )?moved",
    r"\bno forwarding address|\b(new|forwarding) (e-?mail )?address (is|:)",
    r"\baddress (has |was )?(been )?(changed|replaced)|\bplease (try|use) <>",
    r"\bhas been replaced by\b",
    r"\badresse hat sich ge(ä|ae)ndert|\ba chang(é|e) d['’]adresse",
)

_FULL = (
    (
        r"\b(mail ?box|inbox|mail ?file|account|folder|mail ?drop|user|recipient|disk|storage|maildir)\b[^.;]{0,60}"
        r"\b(full|over ?quota|exceed\w*|quota|out of (space|storage)|size limit|too (big|large|full))"
    ),
    r"\b(over|exceed\w*|out of|past|above)[ -]?(the |its |their |his |your |disk |allowed |mail |storage |maximum |user )*(quota|storage|space|size|capacity)",
    r"\bquota\b|\b(insufficient|not enough|no) (disk |system |mailbox |storage )?(storage|space|room)|\bdisk full|\bno space left",
    r"\bnumber of messages in recipient|\bcapacity\b|\bmailbox full\b",
    r"\b(postfach|mailbox|bo(î|i)te)\b[^.;]{0,40}\b(voll|(ü|ue)berf(ü|ue)llt|pleine?|satur(é|e)e?)|\b(buz(ó|o)n|casella|cuenta)\b[^.;]{0,30}\b(llen[oa]|pien[oa])",
    r"переполнен|(一杯|いっぱい|容量)|(已满|已滿|超过)",
)

_DISABLED = (
    (
        r"\b(account|user|mail ?box|recipient|address|e-?mail|inbox)\b[^.;]{0,60}\b(disabled|suspended|inactive|inactivated|deactivated"
        r"|not active|not activated|frozen|locked|on hold|dormant|expired|blocked|restricted|discontinued|not accepting|not been used|unavailable)"
    ),
    r"\b(disabled|suspended|inactive|deactivated|expired|locked|frozen|discontinued|dormant) (\w+ )?(account|user|mailbox|recipient|address|e-?mail)",
    r"\bnot accepting (any |new )?(mail|messages|e-?mail|network)",
    r"\b(gesperrt|deaktiviert|d(é|e)sactiv(é|e)|suspendid[oa])",
)

_LIST = (
    r"\bnot (a )?(member|subscribed|subscriber)|\b(only|not) (members|subscribers|allowed to post|authori[sz]ed to post|open to posting)",
    r"\bpermission to (post|send)|\bposting (is )?(not allowed|restricted)|\bmoderat(ed|or|ion)\b|\bmembers? only",
)

_SENDER = (
    r"\b(domain of )?(the )?sender('s|s)?\b[^.;]{0,80}?\b(reject\w*|denied|invalid|fail\w*|not|unknown|block\w*|refused|unresolv\w*|must|resolve|verif\w*|forged|disallowed|black\w*)",
    r"\bverification failed",
    r"\b(unknown|invalid|bad|unresolv\w*|unauthori[sz]ed|unverified|unauthenticated|illegal|forged) sender",
    r"\b(mail|envelope)[- ]from\b|\breturn[- ](path|address)|\b(helo|ehlo)\b|\bmy name was rejected",
    r"\b(your|sending) (host|ip|domain|server|mail ?server|isp|reverse|mx|dns|spf|mailhost)\b",
    r"\bnot (authori[sz]ed|permitted|allowed)\b|\bunauthori[sz]ed\b|\bauthenticat\w*|\bnot authenticated|\bauth failure|\bauthori[sz]ation",
    r"\bcannot (find|resolve) your|\bcan['’]t (find|resolve) your|\bclient host\b[^.;]{0,80}\b(reject|denied|cannot|refused|not)",
)

_RELAY = (
    r"\brelay(ing)?\b[^.;]{0,30}\b(denied|prohibited|not|refused|disallowed|rejected|restrict\w*|forbidden|operation)",
    r"\b(unable|not permitted|not allowed|cannot|can['’]t|won['’]t|will not|don['’]t|do not|does not|refus\w+ to|unauthori[sz]ed|disallow\w*) (to )?relay",
    r"\brcpthosts\b|\bnot (a )?local domain|\bnon-accepted domain",
)

_BLOCKED = (
    r"\bblock(ed|ing|list\w*|s)\b|\b(black|deny|block)[- ]?list\w*|\bbanned\b|\blisted (in|at|on|by)|\breputation\b|\bblocklisturl\b",
    r"\b(spamhaus|spamcop|sorbs|dnsbl|rbl|barracuda\w*|senderbase|senderscore|uribl|surbl|proofpoint|cloudmark|trustedsource)\b",
    r"\bptr\b|\b(reverse|rdns|fcrdns|r-dns)\b[^.;]{0,20}|\brdns\b|\baccess denied|\bdenied by|\b(grey|gray)[- ]?list\w*|\bforbidden\b",
    r"\bip\b[^.;]{0,60}\b(reject\w*|refused|denied|invalid|not allowed|listed|mismatch\w*)|\binvalid ip\b|\bclient ip\b|\bweren['’]t sent",
    r"\brefused to talk|\bwe do not accept (mail|messages) from|\bmail from [^.;]{0,40} (refused|rejected|not accepted)",
)

_CONTENT = (
    r"\bspam\w*|\bunsolicited|\bbulk\b|\bu[bc]e\b|\bjunk\b|\bjunkmail|\bvirus|\bmalware|\binfected|\bphish\w*|\btrojan|\bscam\b|\babus\w+",
    r"\bcontent\b[^.;]{0,30}\b(reject\w*|error|denied|not|refused|filter\w*|violat\w*|restrict\w*)|\bmedia error|\bmessage content",
    r"\bpolic(y|ies)\b|\bviolat\w*|\bdmarc\b|\bspf\b|\bdkim\b|\bdomainkeys\b|\b(start)?tls\b|\bencrypt\w*|\bcertificate|\bsecurity",
    r"\bheaders?\b[^.;]{0,40}\b(error|not|too|invalid|large|missing|duplicate)|\bduplicate header|\bmultiple addresses in from",
    r"\b(message|mail|attachment|e-?mail|file)\b[^.;]{0,40}\b(too (big|large)|size|exceed\w*|oversize\w*)|\bmax(imum)?[^.;]{0,20} size|\bsize (limit|of)",
    r"\battachment|\bmime\b|\bbare (lf|cr)|\bline too long|\b(8bit|smtputf8|utf-?8)\b",
    r"\bcopyright|\bformat error|\bsyntax error|\bprotocol (violation|error)|\bbad sequence|\bimproper sequence|\bout of sequence",
)

_RATE = (
    r"\btoo (many|much|fast|quickly|frequent\w*)|\brate[- ]?limit\w*|\bthrottl\w*|\bfrequency\b|\bexcessive|\bunexpected volume|\bbusy\b",
    r"\b(try|retry|try again) (it )?(again|later)|\bplease try\b[^.;]{0,20}\blater|\btemporar\w*|\bdefer\w*|\bconcurrent|\b(connection|session)s? limit",
    r"\bresources?\b|\bservice (is )?(currently )?(unavailable|not available|refused)|\bsystem (error|problem|unavailable|failure)|\binternal (server )?error",
    r"\bver(á|a)? später|\bespäter\b|\bessayer plus tard|\btransaction failed|\blocal (error|problem)|\b(insufficient|low) (system )?resources",
)

_NETWORK = (
    r"\b(connect(ion|ing)?|session|socket)\b[^.;]{0,40}\b(timed? ?out|refused|reset|lost|closed|failed|dropped|error|unexpectedly|aborted|interrupted)",
    r"\btim(ed|e)[- ]?out\b|\btimeout\b|\bnetwork\b|\bno route to host|\blost connection|\bunreachable\b|\bhost (is )?(down|not reachable|unreachable)",
    r"\b(could|can|did)( ?not|n['’]t) (establish|make|open|be) (an? )?(smtp )?(connect|contact)\w*|\bunable to (connect|contact|reach)|\bnot (accept our requests to connect|respond\w*)",
    r"\blookup (failure|failed|error|timeout|problem)|\bmalformed or unexpected name server|\bname ?server\b[^.;]{0,20}\b(error|fail\w*|time\w*|problem|hiccup)",
    r"\bdns (error|failure|timeout|lookup|query|server|problem)|\btoo many hops|\b(mail|routing|delivery|forwarding) loop\w*|\bloops? back|\bhop count|\bhops?\b",
    r"\bunreachable for too long|\bno answer|\bi/o error|\btransmission failure",
)

_EXPIRED = (
    r"\bnot( be)? deliver(ed)? (for|within|after|in) |\bcannot send message for|\bin the queue (for )?too long|\bdelivery time expired|\bmessage (has )?(expired|timed out)",
    r"\bretry (time|timeout|limit|count)|\btoo long\b|\b(has|have) (been )?delay\w*|\bmultiple retries|\b(maximum|too many) (number of )?(attempts|retries)",
    r"\bnot yet been delivered|\bwill (keep|continue|be retried|retry)|\bwarning message|\bdelivery (is |has been |was )?(delayed|expired)|\bgave up|\bfor the last \d+",
)


def _group(reason: Reason, phrases: tuple[str, ...]) -> tuple[Reason, re.Pattern[str]]:
    return reason, re.compile("|".join(f"(?:{phrase})" for phrase in phrases))


REFUSED = re.compile(r"\bmessage (was |has been |is )?(reject\w*|refused|not (allowed|accepted))")
"""Says that it was refused, and nothing of why; what else is said counts."""

PHRASES = (
    _group("moved", _MOVED),
    _group("user_unknown", _USER_UNKNOWN),
    _group("host_unknown", _HOST_UNKNOWN),
    _group("full", _FULL),
    _group("list", _LIST),
    _group("sender", _SENDER),
    _group("relay", _RELAY),
    _group("blocked", _BLOCKED),
    _group("content", _CONTENT),
    _group("rate", _RATE),
    _group("network", _NETWORK),
    _group("expired", _EXPIRED),
    _group("disabled", _DISABLED),
)
"""A reason and how it is said; where two begin at the same place, the earlier of these counts."""
