//! How wide a text is, without a font at hand: as in DejaVu Sans, which is wider than what Windows and macOS use. So nothing
//! is cut off wherever the picture is looked at.

/// Widths of the characters from the blank to `~`, in hundredths of the font's size.
const PLAIN: [u8; 95] = [
    32, 41, 46, 84, 64, 96, 78, 28, 40, 40, 50, 84, 32, 37, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
    84, 84, 54, 100, 69, 69, 70, 78, 64, 58, 78, 76, 30, 30, 66, 56, 87, 75, 79, 61, 79, 70, 64, 62, 74, 69, 99, 69,
    62, 69, 40, 34, 40, 84, 50, 50, 62, 64, 55, 64, 62, 36, 64, 64, 28, 28, 58, 28, 98, 64, 62, 64, 64, 42, 53, 40, 64,
    60, 82, 60, 60, 53, 64, 34, 64, 84,
];

/// The same of the bold font.
const BOLD: [u8; 95] = [
    35, 46, 53, 84, 70, 101, 88, 31, 46, 46, 53, 84, 38, 42, 38, 37, 70, 70, 70, 70, 70, 70, 70, 70, 70, 70, 40, 40,
    84, 84, 84, 59, 100, 78, 77, 74, 84, 69, 69, 83, 84, 38, 38, 78, 64, 100, 84, 86, 74, 86, 78, 73, 69, 82, 78, 111,
    78, 73, 73, 46, 37, 46, 84, 50, 50, 68, 72, 60, 72, 68, 44, 72, 72, 35, 35, 67, 35, 105, 72, 69, 72, 72, 50, 60,
    48, 72, 66, 93, 65, 66, 59, 72, 37, 72, 84,
];

/// A font of the picture.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Font {
    pub size: u32,
    pub bold: bool,
}

impl Font {
    fn character(self, c: char) -> u32 {
        let table = if self.bold { &BOLD } else { &PLAIN };
        match (c as usize).checked_sub(32).and_then(|index| table.get(index)) {
            Some(width) => u32::from(*width),
            // Nearly all others are narrower, those of East Asia included.
            None if self.bold => 145,
            None => 120,
        }
    }

    /// The width of a text, in hundredths of a pixel.
    fn hundredths(self, text: &str) -> u32 {
        text.chars().fold(0, |sum: u32, c| sum.saturating_add(self.character(c).saturating_mul(self.size)))
    }

    /// The width of a text, in pixels.
    pub(super) fn width(self, text: &str) -> u32 {
        self.hundredths(text).div_ceil(100)
    }

    /// The text, or as much of it as fits, with `…` for what is left out at its end or at its beginning.
    pub(super) fn fit(self, text: &str, width: u32, keep_end: bool) -> String {
        if self.width(text) <= width {
            return text.to_owned();
        }
        let mut left = (width * 100).saturating_sub(self.hundredths("…"));
        let mut take = |c: &char| {
            let rest = left.checked_sub(self.character(*c) * self.size);
            left = rest.unwrap_or(left);
            rest.is_some()
        };
        if keep_end {
            let end: usize = text.chars().rev().take_while(&mut take).map(char::len_utf8).sum();
            let end = &text[text.len() - end..];
            // A path is cut before one of its names, where there is more than a part of one.
            format!("…{}", &end[end.find(['\\', '/']).unwrap_or(0)..])
        } else {
            let start: String = text.chars().take_while(&mut take).collect();
            format!("{start}…")
        }
    }

    /// The text in lines that fit. A word that does not is broken.
    pub(super) fn wrap(self, text: &str, width: u32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if self.width(&longer) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in word.chars() {
                line.push(c);
                if self.width(&line) > width && line.chars().count() > 1 {
                    line.pop();
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}
