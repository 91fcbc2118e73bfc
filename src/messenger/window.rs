//! The window of a message, on Windows.

use super::{MessageSeverity, Words};
use crate::base::error::Result;
use crate::base::text::safe;
use crate::host::windows::{self, Dialog, Icon};

/// Shows a message until it is acknowledged or put off. Gives whether it was acknowledged.
///
/// # Errors
/// No window can be shown.
pub fn show_window(
    severity: MessageSeverity,
    title: &str,
    body: &str,
    link: Option<&str>,
    words: &Words,
) -> Result<bool> {
    let mut text = body.lines().map(safe).collect::<Vec<_>>().join("\r\n");
    if let Some(link) = link {
        text.push_str(&format!("\r\n\r\n{}: {link}", words.more));
    }
    windows::show(&Dialog {
        caption: &format!("{} - Messenger", words.severity(severity)),
        heading: &safe(title),
        text: &text,
        icon: match severity {
            MessageSeverity::Information => Icon::Information,
            MessageSeverity::Warning => Icon::Warning,
            MessageSeverity::Critical => Icon::Error,
        },
        buttons: (words.acknowledge, words.later),
        link: link.map(|link| (words.more, link)),
    })
}

/// Lets go of the console that Windows makes for a program at logon.
pub fn hide_own_console() {
    windows::hide_own_console();
}
