//! The sorts of findings about an `mrinit.conf`: how grave each is, what it means, why it matters and what to do. That a
//! line or an address is a fault follows from the form of the file (formats.md, section 2) and of the value \[14635\]; how
//! grave each is, is our choice.

use crate::base::severity::Severity;

/// A sort of finding.
#[derive(Debug)]
pub(crate) struct Sort {
    /// The name, which never changes.
    pub id: &'static str,
    pub severity: Severity,
    /// What it means, as a sentence.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "pages of findings alone tell it"))]
    pub meaning: &'static str,
    /// Why it matters, as a sentence.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "pages of findings alone tell it"))]
    pub why: &'static str,
    /// What to do, as a sentence without its end.
    #[cfg_attr(not(feature = "cli"), expect(dead_code, reason = "pages of findings alone tell it"))]
    pub next: &'static str,
}

macro_rules! sorts {
    ($($name:ident = $id:literal, $severity:ident, $meaning:literal, $why:literal, $next:literal;)*) => {
        $(pub(super) const $name: &Sort =
            &Sort { id: $id, severity: Severity::$severity, meaning: $meaning, why: $why, next: $next };)*

        /// All of them.
        #[cfg(feature = "cli")]
        pub(crate) const SORTS: &[&Sort] = &[$($name),*];
    };
}

sorts! {
    LINE_END_CR = "line-end-cr", Error,
        "Lines of the file end in CR alone, as on old Macs.",
        "Windows takes the whole file for a single line, and the router finds no value in it.",
        "let an editor save it with the line ends of Windows, CR LF";
    LINE_END_CRCRLF = "line-end-crcrlf", Error,
        "Lines of the file end in CR CR LF, as a copy in text mode makes them.",
        "The second CR becomes a part of a value, so that an address has an invisible character too many.",
        "let an editor save it with the line ends of Windows, CR LF, and copy it in binary mode";
    LINE_QUOTES = "line-quotes", Error,
        "A line has the quotes of a word processor.",
        "They are no quotes to the router: it does not find the value.",
        "replace them by plain quotes, \", in an editor such as Notepad";
    LINE_UNQUOTED = "line-unquoted", Error,
        "A name, or a string, stands without quotes.",
        "The router does not find the value.",
        "put quotes around it, as the finding shows it";
    LINE_DWORD = "line-dword", Error,
        "A number stands without dword:, or not as eight hex digits.",
        "The router reads no number there, and takes its default or none.",
        "write it as the finding shows it: 8192 is dword:00002000";
    LINE_INVISIBLE = "line-invisible", Error,
        "A line has characters that cannot be seen, as copies from web pages and mails have.",
        "They are part of the name or the value to the router, which looks for another.",
        "type the line anew, by hand";
    LINE_MALFORMED = "line-malformed", Error,
        "Something else is wrong with the line of a value.",
        "The router does not find the value.",
        "write it as \"Name\"=\"text\" or \"Name\"=dword:00002000";
    LINE_NUMBER_AS_STRING = "line-number-as-string", Error,
        "A port stands in quotes.",
        "The router wants a dword there, and takes a string for none.",
        "write it as the finding shows it, with dword: and without quotes";
    LINE_STRING_AS_NUMBER = "line-string-as-number", Error,
        "An address or an identity key is a dword.",
        "The router wants a string there, and takes a number for none.",
        "take the line from the management server's own file";
    LINE_UNKNOWN = "line-unknown", Warning,
        "A line is neither a value nor a comment.",
        "Nobody reads it: perhaps a value was meant that has no effect.",
        "remove it, or write it as \"Name\"=\"text\"";
    SERVICE_ARGS_SSL = "service-args-ssl", Warning,
        "ServiceArgs says where the router listens without ssl_port=8194, or with another port.",
        "Endpoints are told no port for SSL, or one that a firewall may shut.",
        "add ssl_port=8194, or let firewalls pass the port that stands there";
    ADDRESS_MISSING = "address-missing", Error,
        "The address line is empty.",
        "Endpoints that read it report to nobody.",
        "set it with configcid relay set";
    ADDRESS_EMPTY_PART = "address-empty-part", Error,
        "The list has a comma too many.",
        "What the router makes of an empty part is not published; it may end the list there.",
        "set it with configcid relay set";
    ADDRESS_BLANK = "address-blank", Error,
        "A blank stands before or behind a part of the list.",
        "The blank belongs to the name then, and no computer has such a name.",
        "set it with configcid relay set";
    ADDRESS_SEMICOLON = "address-semicolon", Error,
        "Semicolons stand where commas belong.",
        "The router takes the whole for a single name, which no computer has.",
        "set it with configcid relay set";
    ADDRESS_PORT = "address-port", Error,
        "An address has a port, or brackets or the zone of an IPv6 address.",
        "The router puts the port behind by itself (ClientIORPort, 8192), and finds no computer of such a name.",
        "write the address alone";
    ADDRESS_URL = "address-url", Error,
        "The address of a web page or share stands where that of a computer belongs.",
        "A router asks a computer, and finds none of such a name.",
        "write the computer's IP address and names";
    ADDRESS_UNC = "address-unc", Error,
        "A path stands where the address of a computer belongs.",
        "A router asks a computer, and finds none of such a name.",
        "write the computer's IP address and names";
    ADDRESS_QUOTES = "address-quotes", Error,
        "There is a quote too many in the list.",
        "It ends the value there, or becomes a part of a name.",
        "set it with configcid relay set";
    ADDRESS_IP = "address-ip", Error,
        "A part looks like an IP address and is none.",
        "No computer can have it.",
        "write four numbers from 0 to 255 with dots between";
    ADDRESS_NOT_HOST = "address-not-host", Error,
        "The address is 0.0.0.0, a group's, or everybody's.",
        "It is not that of one computer, and nothing can connect to it.",
        "give the relay's own address";
    ADDRESS_NAME = "address-name", Error,
        "A name breaks the rules of DNS or NetBIOS names.",
        "No DNS server and no WINS can have it.",
        "write the name as the computer itself has it";
    ADDRESS_IPV6 = "address-ipv6", Warning,
        "The address is one of IPv6.",
        "Routers of this age may understand only IPv4 (assumed).",
        "give the IPv4 address, unless you know that all routers understand it";
    ADDRESS_LOCAL = "address-local", Warning,
        "The address is a loopback or link-local one.",
        "Other computers do not reach it; each that reads it asks itself.",
        "give the address that the relay has in the network";
    ADDRESS_UNDERSCORE = "address-underscore", Warning,
        "A name has an underscore.",
        "Some DNS servers refuse it, and endpoints that ask them do not find the relay by it.",
        "give the name without it, if the computer has one; the IP address before it works meanwhile";
    ADDRESS_SEVERAL = "address-several", Warning,
        "The list has more than one IP address, DNS name or short name.",
        "An endpoint that does not reach the first ones waits for each in vain; and old clients may read three parts only (assumed).",
        "leave it so if the relay has several networks; else name it once of each kind";
    ADDRESS_ORDER = "address-order", Warning,
        "The list is not in the order IP address, FQDN, NetBIOS name.",
        "It is the order in which endpoints try, and the only one that is described.",
        "set it with configcid relay set";
    ADDRESS_SHORT_NAME = "address-short-name", Warning,
        "The list is a short name alone.",
        "Endpoints must resolve it by themselves: with a relay on DHCP in an NT domain the FQDN must be in the list.",
        "add the FQDN, and the IP address where it is static";
    SERVER_AS_RELAY = "server-as-relay", Note,
        "ParentRouterAddress and MRParentAddress name the same computer.",
        "Endpoints report to the management server itself, which is right without a relay.",
        "nothing, unless its endpoints should report to a relay: then run configcid relay set";
}
