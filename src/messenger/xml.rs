//! XML as far as message files need it: elements, attributes and text, each with its place. What makes XML dangerous is
//! refused: document types, entities of one's own, and more of anything than a message file can need.
//!
//! A reader of events, and not one of trees such as `roxmltree`: that one goes a level down the stack for each level of
//! elements before anybody can look at their depth, lets empty document types pass, does not read what the declaration
//! says, and finds the line of each place from the start of the file.

use quick_xml::Reader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::Place;
use crate::base::error::{Error, ErrorKind, Result};

/// The largest file, in bytes.
pub const MAX_SIZE: usize = 64 << 20;
/// The deepest element; the root is the first.
pub const MAX_DEPTH: usize = 32;
/// The most elements of a file.
pub const MAX_ELEMENTS: usize = 1_000_000;
/// The longest start tag behind its name, in bytes.
const MAX_ATTRIBUTES: usize = 16 << 10;

/// An element, with all that is in it.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Self>,
    /// The text of its own, as it stands there.
    pub(super) text: String,
    /// Where the text begins.
    text_place: Option<Place>,
}

impl Element {
    /// Refuses text, where only elements may stand.
    pub(super) fn no_text(&self) -> Result<()> {
        match self.text_place {
            Some(place) => Err(fault(place, text!("<{}> holds elements, and no text of its own", self.name))),
            None => Ok(()),
        }
    }

    /// Refuses elements, where only text may stand.
    pub(super) fn no_children(&self) -> Result<()> {
        match self.children.first() {
            Some(child) => Err(fault(child.place, text!("<{}> holds no element, such as <{}>", self.name, child.name))),
            None => Ok(()),
        }
    }
}

/// An error at a place.
pub(super) fn fault(place: Place, what: impl Into<String>) -> Error {
    Error::new(ErrorKind::MessengerFormat, what).at(place.into())
}

/// From byte offsets that only grow to places, in one pass.
struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    place: Place,
}

impl Cursor<'_> {
    fn at(&mut self, offset: u64) -> Place {
        let mut offset = usize::try_from(offset).unwrap_or(usize::MAX).clamp(self.offset, self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        for c in self.text[self.offset..offset].chars() {
            match c {
                '\n' => self.place = Place { line: self.place.line + 1, column: 1 },
                _ => self.place.column += 1,
            }
        }
        self.offset = offset;
        self.place
    }
}

/// The root of a document.
pub(super) fn parse(bytes: &[u8]) -> Result<Element> {
    let text = decode(bytes)?;
    let mut cursor = Cursor { text, offset: 0, place: Place { line: 1, column: 1 } };
    if let Some((offset, c)) = text.char_indices().find(|(_, c)| !is_allowed(*c)) {
        return Err(fault(cursor.at(offset as u64), forbidden(c)));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut open: Vec<Element> = Vec::new();
    let mut root: Option<Element> = None;
    let mut elements = 0;
    loop {
        let start = reader.buffer_position();
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => return Err(fault(cursor.at(reader.error_position()), error.to_string())),
        };
        let place = cursor.at(start);
        match event {
            Event::Start(tag) => {
                count(&mut elements, place)?;
                if root.is_some() {
                    return Err(fault(place, text!("there is a second root element")));
                }
                if open.len() == MAX_DEPTH {
                    return Err(fault(place, text!("elements lie deeper than {MAX_DEPTH}", MAX_DEPTH)));
                }
                open.push(element(&tag, place)?);
            }
            Event::Empty(tag) => {
                count(&mut elements, place)?;
                close(element(&tag, place)?, &mut open, &mut root)?;
            }
            // The reader has compared the names.
            Event::End(_) => {
                let Some(done) = open.pop() else {
                    return Err(fault(place, text!("nothing is open that could end here")));
                };
                close(done, &mut open, &mut root)?;
            }
            Event::Text(part) => add(&part.xml10_content(), place, &mut open)?,
            Event::CData(part) => add(&part.xml10_content(), place, &mut open)?,
            Event::GeneralRef(name) => {
                let character = name.resolve_char_ref().map_err(|error| fault(place, error.to_string()))?;
                match (character, resolve_predefined_entity(&name)) {
                    (Some(c), _) if !is_allowed(c) => return Err(fault(place, forbidden(c))),
                    (Some(c), _) => add(c.encode_utf8(&mut [0; 4]), place, &mut open)?,
                    (None, Some(text)) => add(text, place, &mut open)?,
                    (None, None) => return Err(entity(place, &name)),
                }
            }
            Event::Comment(_) | Event::PI(_) => {}
            Event::Decl(declaration) => {
                if start != 0 {
                    return Err(fault(place, text!("the XML declaration does not stand at the very beginning")));
                }
                match declaration.version().as_deref() {
                    Ok("1.0") => {}
                    _ => return Err(fault(place, text!("this is not XML 1.0"))),
                }
                if let Some(encoding) = declaration.encoding() {
                    let encoding = encoding.map_err(|error| fault(place, error.to_string()))?;
                    if !encoding.eq_ignore_ascii_case("utf-8") && !encoding.eq_ignore_ascii_case("us-ascii") {
                        return Err(
                            fault(place, text!("the encoding is {encoding}", encoding)).next("save the file as UTF-8")
                        );
                    }
                }
            }
            Event::DocType(_) => {
                return Err(fault(place, text!("there is a document type, which could define entities"))
                    .next("remove <!DOCTYPE ...>: message files have none"));
            }
            Event::Eof => {
                if let Some(unclosed) = open.last() {
                    return Err(fault(unclosed.place, text!("<{}> has no end", unclosed.name)));
                }
                return root.ok_or_else(|| fault(place, text!("there is no element")));
            }
        }
    }
}

/// The text of a file without its byte order mark.
fn decode(bytes: &[u8]) -> Result<&str> {
    let start = Place { line: 1, column: 1 };
    if bytes.len() > MAX_SIZE {
        return Err(fault(start, text!("the file is larger than {} MiB", MAX_SIZE >> 20)));
    }
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
        return Err(fault(start, text!("the encoding is UTF-16")).next("save the file as UTF-8"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
        let place = Cursor { text: valid, offset: 0, place: start }.at(valid.len() as u64);
        fault(place, text!("the byte 0x{} is not UTF-8", format!("{:02X}", bytes[error.valid_up_to()])))
            .next("save the file as UTF-8")
    })
}

/// Whether XML 1.0 has the character at all.
fn is_allowed(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

fn forbidden(c: char) -> String {
    text!("XML has no character U+{}", format!("{:04X}", u32::from(c)))
}

fn entity(place: Place, name: &str) -> Error {
    fault(place, text!("nobody has defined the entity &{name};", name))
        .next("write &lt; &gt; &amp; &quot; &apos; or the character itself")
}

fn count(elements: &mut usize, place: Place) -> Result<()> {
    *elements += 1;
    match *elements > MAX_ELEMENTS {
        true => Err(fault(place, text!("there are more than {MAX_ELEMENTS} elements", MAX_ELEMENTS))),
        false => Ok(()),
    }
}

fn element(tag: &BytesStart<'_>, place: Place) -> Result<Element> {
    if tag.attributes_raw().len() > MAX_ATTRIBUTES {
        return Err(fault(place, text!("the attributes are longer than {} KiB", MAX_ATTRIBUTES >> 10)));
    }
    let mut attributes = Vec::new();
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| fault(place, error.to_string()))?;
        if attribute.value.contains('<') {
            return Err(fault(place, text!("an attribute holds <")).next("write &lt;"));
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| {
            fault(place, text!("the attribute {as_ref}: {error}", as_ref = attribute.key.as_ref(), error))
        })?;
        if let Some(c) = value.chars().find(|c| !is_allowed(*c)) {
            return Err(fault(place, forbidden(c)));
        }
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    let name = tag.name().as_ref().to_owned();
    Ok(Element { name, place, attributes, children: Vec::new(), text: String::new(), text_place: None })
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<()> {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None if root.is_some() => return Err(fault(done.place, text!("there is a second root element"))),
        None => *root = Some(done),
    }
    Ok(())
}

fn add(text: &str, mut place: Place, open: &mut [Element]) -> Result<()> {
    let blank = text.len() - text.trim_start().len();
    if blank < text.len() {
        place = Cursor { text, offset: 0, place }.at(blank as u64);
    }
    match open.last_mut() {
        Some(parent) => {
            if blank < text.len() {
                parent.text_place.get_or_insert(place);
            }
            parent.text.push_str(text);
            Ok(())
        }
        None if blank == text.len() => Ok(()),
        None => Err(fault(place, text!("text stands outside of the root element"))),
    }
}
