//! The values of a fleet file that are words: what they mean, and every spelling.

/// How a machine gets its IP address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressKind {
    /// It always has the same.
    Static,
    /// A DHCP server gives it one.
    Dhcp,
}

/// The kind of domain a machine is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// A Windows NT domain, whose names no DNS server knows.
    Nt,
    /// Active Directory.
    ActiveDirectory,
    /// None.
    Workgroup,
}

/// What endpoints run (formats.md, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Windows NT, 2000 and later: the component `rms`.
    Windows,
    /// Windows 95, 98 and Me: the component `rms9x`.
    Windows9x,
    /// Macs, which read the root's `mrinit.conf`.
    Mac,
    /// Linux, which reads the root's `mrinit.conf`.
    Linux,
}

impl Platform {
    /// The name, as a fleet file has it.
    pub fn name(self) -> &'static str {
        word(self)
    }

    /// The component whose `mrinit.conf` its endpoints read; `None`: the root's.
    pub fn component(self) -> Option<&'static str> {
        match self {
            Self::Windows => Some("rms"),
            Self::Windows9x => Some("rms9x"),
            Self::Mac | Self::Linux => None,
        }
    }
}

impl serde::Serialize for Platform {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What is recommended for machines and can have its reasons to be otherwise: the warnings that a file can accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recommendation {
    /// No more levels of relays than are recommended.
    Depth,
    /// No more endpoints at the server.
    ServerEndpoints,
    /// No more endpoints at a relay.
    RelayEndpoints,
    /// A relay's address is static.
    Dhcp,
    /// A relay runs a server system.
    RelaySystem,
}

/// A value that is one of a few words.
pub(super) trait Word: Copy + 'static {
    /// What it is called in a message.
    const WHAT: &'static str;
    /// Every spelling; the first of each value is the one that is written.
    const WORDS: &'static [(&'static str, Self)];
}

impl Word for Platform {
    const WHAT: &'static str = "platform";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("windows", Self::Windows),
        ("9x", Self::Windows9x),
        ("mac", Self::Mac),
        ("linux", Self::Linux),
        ("Windows", Self::Windows),
        ("nt", Self::Windows),
        ("NT", Self::Windows),
        ("2000", Self::Windows),
        ("xp", Self::Windows),
        ("XP", Self::Windows),
        ("rms", Self::Windows),
        ("9X", Self::Windows9x),
        ("win9x", Self::Windows9x),
        ("windows9x", Self::Windows9x),
        ("windows-9x", Self::Windows9x),
        ("Windows 9x", Self::Windows9x),
        ("rms9x", Self::Windows9x),
        ("Mac", Self::Mac),
        ("macos", Self::Mac),
        ("macOS", Self::Mac),
        ("osx", Self::Mac),
        ("Linux", Self::Linux),
    ];
}

impl Word for Recommendation {
    const WHAT: &'static str = "recommendation";
    // The codes of the findings.
    const WORDS: &'static [(&'static str, Self)] = &[
        ("depth", Self::Depth),
        ("server-endpoints", Self::ServerEndpoints),
        ("relay-endpoints", Self::RelayEndpoints),
        ("dhcp", Self::Dhcp),
        ("relay-system", Self::RelaySystem),
    ];
}

impl Word for AddressKind {
    const WHAT: &'static str = "kind of address";
    const WORDS: &'static [(&'static str, Self)] =
        &[("static", Self::Static), ("dhcp", Self::Dhcp), ("Static", Self::Static), ("DHCP", Self::Dhcp)];
}

impl Word for Domain {
    const WHAT: &'static str = "kind of domain";
    const WORDS: &'static [(&'static str, Self)] = &[
        ("nt", Self::Nt),
        ("ad", Self::ActiveDirectory),
        ("none", Self::Workgroup),
        ("NT", Self::Nt),
        ("AD", Self::ActiveDirectory),
        ("workgroup", Self::Workgroup),
    ];
}

/// The spelling of a value that is written.
pub(super) fn word<T: Word + PartialEq>(value: T) -> &'static str {
    T::WORDS.iter().find(|(_, this)| *this == value).map_or("", |(word, _)| word)
}
