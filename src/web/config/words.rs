//! Filling in of the templates: `{NAME}` stands for a text, and the lines from `{EACH NAME}` to `{END NAME}` are repeated.

/// `text` with each name in braces replaced.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // In one pass: what is filled in is not looked at again.
    while let Some(at) = rest.find('{') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let value =
            values.iter().find_map(|(name, value)| Some((*value, after[1..].strip_prefix(name)?.strip_prefix('}')?)));
        match value {
            Some((value, after)) => (out.push_str(value), rest = after).1,
            None => (out.push('{'), rest = &after[1..]).1,
        }
    }
    out + rest
}

/// `text` with each part of this name once for each of `items`, as `each` fills it in.
pub(super) fn repeat<T>(text: &str, name: &str, items: &[T], each: impl Fn(&str, &T) -> String) -> String {
    let (begin, end) = (format!("{{EACH {name}}}\n"), format!("{{END {name}}}\n"));
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(&begin) {
        let (part, after) = after.split_once(&end).unwrap_or((after, ""));
        out.push_str(before);
        out.extend(items.iter().map(|item| each(part, item)));
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_read_again() {
        assert_eq!(fill("{A} { {B} {C}", &[("A", "{B}"), ("B", "x")]), "{B} { x {C}");
        let text = "a\n{EACH X}\n- {X}\n{END X}\nb\n{EACH X}\n{X}\n{END X}\n";
        assert_eq!(repeat(text, "X", &["1", "2"], |part, x| fill(part, &[("X", x)])), "a\n- 1\n- 2\nb\n1\n2\n");
        assert_eq!(repeat(text, "X", &[""; 0], |part, _| part.to_owned()), "a\nb\n");
    }
}
