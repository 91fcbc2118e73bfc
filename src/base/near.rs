//! What was perhaps meant by a word that is none of those known.

/// So many characters are compared: a name as long as a file is nobody's slip, and a comparison takes its square.
const LONGEST: usize = 64;

/// The words that are nearest to `text`, as many as are equally near, if they are near enough to be what was meant: of
/// three characters one may be wrong, and one more. Letters that changed places count as one. Our choice.
pub(crate) fn all_nearest<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let text = text.chars().take(LONGEST).collect::<String>().to_lowercase();
    let mut best = usize::MAX;
    let mut nearest = Vec::new();
    for word in words {
        let distance = strsim::osa_distance(&text, &word.to_lowercase());
        if distance > 1 + word.chars().count() / 3 || distance > best || distance >= word.chars().count() {
            continue;
        }
        if distance < best {
            best = distance;
            nearest.clear();
        }
        if !nearest.contains(&word) {
            nearest.push(word);
        }
    }
    nearest
}

/// The one of them whose letters are the most alike in case, too.
pub(crate) fn nearest<'a>(text: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let text: String = text.chars().take(LONGEST).collect();
    all_nearest(&text, words).into_iter().min_by_key(|word| (strsim::osa_distance(&text, word), *word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_words_are_what_was_meant() {
        const WORDS: [&str; 6] = ["audit", "undo", "history", "relay", "fqdn", "ip"];
        for (text, word) in [
            ("aduit", "audit"),
            ("udno", "undo"),
            ("histroy", "history"),
            ("RELAYS", "relay"),
            ("fdqn", "fqdn"),
            ("ips", "ip"),
        ] {
            assert_eq!(nearest(text, WORDS), Some(word), "{text}");
        }
        for text in ["color", "x", "", &"n".repeat(100_000)] {
            assert_eq!(nearest(text, WORDS), None, "{text}");
        }
        assert_eq!(all_nearest("bat", ["cat", "hat", "dog"]), ["cat", "hat"]);
    }
}
