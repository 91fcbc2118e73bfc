//! A window with a heading, a text that may be long, and two or three buttons: a dialog box made of a template in memory,
//! so that no resource and no newer control is needed.

use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows_sys::Win32::Graphics::Gdi::{CreateFontIndirectW, DeleteObject, GetObjectW, LOGFONTW};
use windows_sys::Win32::System::LibraryLoader::GetModuleHandleW;
use windows_sys::Win32::UI::Input::KeyboardAndMouse::SetFocus;
use windows_sys::Win32::UI::WindowsAndMessaging as wm;

use super::{open, wide};
use crate::base::error::{Error, ErrorKind, Result};

/// What stands in the window.
pub(crate) struct Dialog<'a> {
    /// In the bar at the top.
    pub(crate) caption: &'a str,
    /// In bold.
    pub(crate) heading: &'a str,
    /// The text, of any length.
    pub(crate) text: &'a str,
    /// Which of the system's icons.
    pub(crate) icon: Icon,
    /// The button that means yes, and the one that means not now, which Escape and Enter press.
    pub(crate) buttons: (&'a str, &'a str),
    /// A button, and the address that it opens.
    pub(crate) link: Option<(&'a str, &'a str)>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Icon {
    Information,
    Warning,
    Error,
}

const ID_ICON: u16 = 100;
const ID_HEADING: u16 = 101;
const ID_TEXT: u16 = 102;
const ID_LINK: u16 = 103;
const ID_YES: u16 = 104;
/// What Escape and the cross in the corner send.
const ID_LATER: u16 = 2;

const BUTTON: u16 = 0x80;
const EDIT: u16 = 0x81;
const STATIC: u16 = 0x82;

/// What the window's procedure needs.
struct Inside<'a> {
    dialog: &'a Dialog<'a>,
    bold: *mut core::ffi::c_void,
}

/// Shows the window until a button is pressed. Gives whether it was the one that means yes.
pub(crate) fn show(dialog: &Dialog<'_>) -> Result<bool> {
    let template = template(dialog);
    let mut inside = Inside { dialog, bold: null_mut() };
    // SAFETY: the template is well-formed and aligned to 4 bytes; `inside` outlives the call, which ends with the window.
    let answer = unsafe {
        wm::DialogBoxIndirectParamW(
            GetModuleHandleW(null()),
            template.as_ptr().cast(),
            null_mut(),
            Some(procedure),
            (&raw mut inside) as LPARAM,
        )
    };
    match answer {
        1 => Ok(true),
        2 => Ok(false),
        _ => Err(Error::new(ErrorKind::Io, text!("no window can be shown: {}", std::io::Error::last_os_error()))),
    }
}

/// A DLGTEMPLATE with its items.
fn template(dialog: &Dialog<'_>) -> Vec<u32> {
    let mut items = vec![
        (ID_ICON, STATIC, 3 /* SS_ICON */, [10, 10, 21, 20], ""),
        (ID_HEADING, STATIC, 0x80 /* SS_NOPREFIX */, [42, 10, 268, 22], ""),
        (
            ID_TEXT,
            EDIT,
            (wm::ES_MULTILINE | wm::ES_READONLY) as u32 | wm::WS_VSCROLL | wm::WS_TABSTOP,
            [42, 34, 268, 96],
            "",
        ),
    ];
    if let Some((label, _)) = dialog.link {
        items.push((ID_LINK, BUTTON, wm::WS_TABSTOP, [10, 138, 104, 16], label));
    }
    items.push((ID_YES, BUTTON, wm::WS_TABSTOP, [166, 138, 70, 16], dialog.buttons.0));
    items.push((ID_LATER, BUTTON, wm::WS_TABSTOP | wm::BS_DEFPUSHBUTTON as u32, [240, 138, 70, 16], dialog.buttons.1));

    let style = wm::WS_POPUP | wm::WS_CAPTION | wm::WS_SYSMENU | wm::WS_VISIBLE;
    let style = style | (wm::DS_MODALFRAME | wm::DS_CENTER | wm::DS_SETFONT | wm::DS_SETFOREGROUND) as u32;
    let mut words = Words(Vec::new());
    words.long(style);
    words.long(wm::WS_EX_TOPMOST);
    words.0.push(items.len() as u16);
    words.0.extend([0, 0, 320, 162]);
    // No menu, and the usual class.
    words.0.extend([0, 0]);
    words.0.extend(wide(dialog.caption));
    words.0.push(9);
    words.0.extend(wide("MS Shell Dlg"));
    for (id, class, style, place, label) in items {
        words.align();
        words.long(style | wm::WS_CHILD | wm::WS_VISIBLE);
        words.long(0);
        words.0.extend(place);
        words.0.extend([id, 0xFFFF, class]);
        // The first letter of a button is its key.
        words.0.extend(wide(&if label.is_empty() { String::new() } else { format!("&{label}") }));
        words.0.push(0);
    }
    words.align();
    words.0.chunks_exact(2).map(|pair| u32::from(pair[0]) | u32::from(pair[1]) << 16).collect()
}

/// 16-bit words, of which some stand at multiples of 4 bytes.
struct Words(Vec<u16>);

impl Words {
    fn long(&mut self, long: u32) {
        self.0.extend([long as u16, (long >> 16) as u16]);
    }

    fn align(&mut self) {
        if !self.0.len().is_multiple_of(2) {
            self.0.push(0);
        }
    }
}

unsafe extern "system" fn procedure(window: HWND, message: u32, wparam: WPARAM, lparam: LPARAM) -> isize {
    // SAFETY: Windows calls this with a window of ours; the pointer that it hands over first, and that is kept in the
    // window, is that of `show`, which waits meanwhile.
    unsafe {
        if message == wm::WM_INITDIALOG {
            // A number as long as a pointer: in 32-bit programs an i32.
            wm::SetWindowLongPtrW(window, wm::GWLP_USERDATA, lparam as _);
            if let Some(inside) = (lparam as *mut Inside<'_>).as_mut() {
                fill(window, inside);
            }
            // The focus is set.
            return 0;
        }
        let Some(inside) = (wm::GetWindowLongPtrW(window, wm::GWLP_USERDATA) as *mut Inside<'_>).as_mut() else {
            return 0;
        };
        match (message, (wparam & 0xFFFF) as u16) {
            (wm::WM_COMMAND, ID_YES) => drop(wm::EndDialog(window, 1)),
            (wm::WM_COMMAND, ID_LATER) => drop(wm::EndDialog(window, 2)),
            (wm::WM_COMMAND, ID_LINK) => {
                if let Some((_, link)) = inside.dialog.link {
                    open(link);
                }
            }
            (wm::WM_DESTROY, _) if !inside.bold.is_null() => {
                DeleteObject(inside.bold);
                inside.bold = null_mut();
            }
            _ => return 0,
        }
        1
    }
}

/// Fills the window before it is seen.
///
/// # Safety
/// The window is one made of [`template`].
unsafe fn fill(window: HWND, inside: &mut Inside<'_>) {
    let icon = match inside.dialog.icon {
        Icon::Information => wm::IDI_INFORMATION,
        Icon::Warning => wm::IDI_WARNING,
        Icon::Error => wm::IDI_ERROR,
    };
    // SAFETY: the items are those of the template; texts end in a zero and are copied; the font is destroyed with the
    // window.
    unsafe {
        let item = |id: u16| wm::GetDlgItem(window, id.into());
        wm::SendMessageW(item(ID_ICON), wm::STM_SETICON, wm::LoadIconW(null_mut(), icon) as WPARAM, 0);
        wm::SetWindowTextW(item(ID_HEADING), wide(inside.dialog.heading).as_ptr());
        wm::SetWindowTextW(item(ID_TEXT), wide(inside.dialog.text).as_ptr());
        let mut font: LOGFONTW = std::mem::zeroed();
        let usual = wm::SendMessageW(window, wm::WM_GETFONT, 0, 0) as *mut core::ffi::c_void;
        if GetObjectW(usual, size_of::<LOGFONTW>() as i32, (&raw mut font).cast()) != 0 {
            font.lfWeight = 700;
            inside.bold = CreateFontIndirectW(&font);
            wm::SendMessageW(item(ID_HEADING), wm::WM_SETFONT, inside.bold as WPARAM, 1);
        }
        wm::SetForegroundWindow(window);
        SetFocus(item(ID_LATER));
    }
}
