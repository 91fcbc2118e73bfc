//! The sorts of faults that a probe finds, by the names that programs know them by. What each means is told in one place.

macro_rules! codes {
    ($($name:ident = $code:literal;)*) => {
        $(pub(crate) const $name: &str = $code;)*

        /// All of them.
        #[cfg(feature = "cli")]
        pub(crate) const CODES: &[&str] = &[$($name),*];
    };
}

codes! {
    UNKNOWN_HOST = "unknown-host";
    REFUSED = "refused";
    TIMEOUT = "timeout";
    UNREACHABLE = "unreachable";
    CLOSED = "closed";
    TOO_LONG = "too-long";
    NOT_A_REFERENCE = "not-a-reference";
    NO_IIOP_PROFILE = "no-iiop-profile";
    NO_PORT = "no-port";
    UNRESOLVABLE = "unresolvable";
    UNUSABLE_ADDRESS = "unusable-address";
    PRIVATE_ADDRESS = "private-address";
    OTHER_HOST = "other-host";
}
