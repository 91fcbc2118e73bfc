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
            Platform::Windows => Some("rms"),
            Platform::Windows9x => Some("rms9x"),
            Platform::Mac | Platform::Linux => None,
        }
    }
}

impl serde::Serialize for Platform {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
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
    const WORDS: &'static [(&'static str, Platform)] = &[
        ("windows", Platform::Windows),
        ("9x", Platform::Windows9x),
        ("mac", Platform::Mac),
        ("linux", Platform::Linux),
        ("Windows", Platform::Windows),
        ("nt", Platform::Windows),
        ("NT", Platform::Windows),
        ("2000", Platform::Windows),
        ("xp", Platform::Windows),
        ("XP", Platform::Windows),
        ("rms", Platform::Windows),
        ("9X", Platform::Windows9x),
        ("win9x", Platform::Windows9x),
        ("windows9x", Platform::Windows9x),
        ("windows-9x", Platform::Windows9x),
        ("Windows 9x", Platform::Windows9x),
        ("rms9x", Platform::Windows9x),
        ("Mac", Platform::Mac),
        ("macos", Platform::Mac),
        ("macOS", Platform::Mac),
        ("osx", Platform::Mac),
        ("Linux", Platform::Linux),
    ];
}

impl Word for AddressKind {
    const WHAT: &'static str = "kind of address";
    const WORDS: &'static [(&'static str, AddressKind)] = &[
        ("static", AddressKind::Static),
        ("dhcp", AddressKind::Dhcp),
        ("Static", AddressKind::Static),
        ("DHCP", AddressKind::Dhcp),
    ];
}

impl Word for Domain {
    const WHAT: &'static str = "kind of domain";
    const WORDS: &'static [(&'static str, Domain)] = &[
        ("nt", Domain::Nt),
        ("ad", Domain::ActiveDirectory),
        ("none", Domain::Workgroup),
        ("NT", Domain::Nt),
        ("AD", Domain::ActiveDirectory),
        ("workgroup", Domain::Workgroup),
    ];
}

/// The spelling of a value that is written.
pub(super) fn word<T: Word + PartialEq>(value: T) -> &'static str {
    T::WORDS.iter().find(|(_, this)| *this == value).map_or("", |(word, _)| word)
}
