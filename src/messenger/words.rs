//! What the messenger itself says, in the languages in which the vendor's was documented. `{}` stands for what is filled
//! in, in this order, and `{one|many}` for one of the two, as the number is that was filled in before it.

use super::language::Language;

/// Defines the table, one field a text, and its two languages side by side, so that none can be forgotten.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $english:literal, $german:literal;)*) => {
        /// What the messenger says, in one language.
        #[derive(Debug)]
        pub struct Words {
            /// The language.
            pub tag: &'static str,
            $($(#[$doc])* #[allow(missing_docs)] pub $name: &'static str,)*
        }

        /// English.
        pub static ENGLISH: Words = Words { tag: "en", $($name: $english,)* };
        /// German.
        pub static GERMAN: Words = Words { tag: "de", $($name: $german,)* };

        #[cfg(test)]
        const ALL: &[(&str, &str, &str)] = &[$((stringify!($name), $english, $german),)*];
    };
}

words! {
    acknowledge: "Acknowledge", "Bestätigen";
    later: "Later", "Später";
    more: "More information", "Weitere Informationen";
    prompt: "[a]cknowledge or [l]ater? ", "[b]estätigen oder [s]päter? ";
    information: "Information", "Information";
    warning: "Warning", "Warnung";
    critical: "Critical", "Kritisch";

    head_message: "MESSAGE", "NACHRICHT";
    head_shown: "SHOWN", "ANGEZEIGT";
    head_language: "LANGUAGE", "SPRACHE";
    head_title_or_why: "TITLE, OR WHY NOT", "TITEL ODER GRUND";
    head_acknowledged: "ACKNOWLEDGED", "BESTÄTIGT";
    head_state: "STATE", "STATUS";
    head_event: "EVENT", "EREIGNIS";
    head_attempts: "ATTEMPTS", "VERSUCHE";
    head_next: "NEXT ATTEMPT", "NÄCHSTER VERSUCH";
    head_reason: "WHY IT FAILED", "FEHLERGRUND";
    yes: "yes", "ja";
    no: "no", "nein";
    summary: "{} of {} {message|messages} would be shown", "{} von {} {Nachricht|Nachrichten} würden angezeigt";

    not_administrator: "the user is not in Sophos Console Administrators",
        "der Benutzer gehört nicht zur Gruppe Sophos Console Administrators";
    not_server: "this is not the management server", "dies ist nicht der Management-Server";
    all_of: "all of", "alle von";
    any_of: "any of", "mindestens eines von";
    none_of: "none of", "keines von";
    console: "console {}", "Konsole {}";
    language: "user language {}", "Benutzersprache {}";
    os: "operating system {}", "Betriebssystem {}";
    component: "component {}", "Komponente {}";
    not_before: "not before {}", "nicht vor {}";
    expires: "before {}", "vor {}";
    from: "from {}", "ab {}";
    up_to: "up to {}", "bis {}";
    from_to: "{} to {}", "{} bis {}";
    why_not: "line {}: {}; here: {}", "Zeile {}: {}; hier: {}";
    nothing: "none", "keine";
    holds: "it holds", "trifft zu";
    no_one_holds: "not one holds", "nichts davon trifft zu";

    none_pending: "No message is pending", "Es steht keine Nachricht aus";
    disabled: "The messenger is switched off by {}", "Der Messenger ist durch {} abgeschaltet";
    not_shown_here: "No message is shown: {}", "Es wird keine Nachricht angezeigt: {}";
    another_run: "Messages are being shown to this user already",
        "Diesem Benutzer werden bereits Nachrichten angezeigt";
    message_of: "Message {} of {}", "Nachricht {} von {}";
    acknowledged: "{} is acknowledged", "{} ist bestätigt";
    would_acknowledge: "{} would be acknowledged", "{} würde bestätigt";
    acknowledged_already: "{} was acknowledged already", "{} war bereits bestätigt";
    kept: "{} comes again at the next run", "{} kommt beim nächsten Mal wieder";
    rest_kept: "Nobody answers; {} {message comes|messages come} at the next run",
        "Niemand antwortet; {} {Nachricht kommt|Nachrichten kommen} beim nächsten Mal wieder";
    not_remembered: "nothing can be remembered of this user, so that these messages come again: {}",
        "für diesen Benutzer lässt sich nichts speichern; diese Nachrichten kommen daher wieder: {}";
    state_lost: "what was remembered of this user could not be read ({}); it is now {}, and everything begins anew",
        "was für diesen Benutzer gespeichert war, ist nicht lesbar ({}); die Datei heißt jetzt {}, und alles beginnt von vorn";
    bad_link: "the link of {} is left out: {}", "der Link von {} wird weggelassen: {}";
    reports_kept: "{} {report waits|reports wait} for the server: {}",
        "{} {Bericht wartet|Berichte warten} auf den Server: {}";
    state_pending: "pending", "steht aus";
    state_not_pending: "not pending", "steht nicht aus";
    state_acknowledged: "acknowledged", "bestätigt";
    nothing_shown: "Nothing was shown to this user yet", "Diesem Benutzer wurde noch nichts angezeigt";
    all_reported: "Nothing is left to report", "Es ist nichts mehr zu berichten";
    unreported: "Unreported", "Noch nicht berichtet";

    lint_format: "{}", "{}";
    lint_missing_translation: "{} has no text in {}", "{} hat keinen Text in der Sprache {}";
    lint_missing_translations: "{} has no text in {} languages, among them {}",
        "{} hat in {} Sprachen keinen Text, darunter {}";
    lint_missing_default: "{} has no text in the default language, {}", "{} hat keinen Text in der Standardsprache {}";
    lint_expired: "{} has expired at {}", "{} ist abgelaufen ({})";
    lint_unreachable: "{} is never shown: its conditions contradict each other",
        "{} wird nie angezeigt: die Bedingungen widersprechen einander";
    lint_duplicate_id: "{} is an id already, of line {}", "die Kennung {} ist schon in Zeile {} vergeben";
    lint_duplicate_message: "{} says to the same people what {} says", "{} sagt denselben Empfängern dasselbe wie {}";
    lint_bad_link: "{}, text in {}: {}", "{}, Text in {}: {}";
    lint_long_title: "{}, text in {}: the title has {} characters, more than {}",
        "{}, Text in {}: der Titel hat {} Zeichen, mehr als {}";
    lint_wild_character: "{}, text in {}: {} would reorder or disturb what is shown",
        "{}, Text in {}: {} würde die Anzeige umordnen oder stören";
    lint_clean: "No faults in {} {message|messages}", "Keine Fehler in {} {Nachricht|Nachrichten}";
    lint_count: "{} {finding|findings}", "{} {Befund|Befunde}";

    built: "Wrote {} {file|files} to {}", "{} {Datei|Dateien} nach {} geschrieben";
    built_already: "{} holds the package already", "{} enthält das Paket schon";
    would_build: "Would write {} {file|files} to {}", "Würde {} {Datei|Dateien} nach {} schreiben";
    would_install: "Would install to {}", "Würde in {} installieren";
    would_uninstall: "Would remove from {}", "Würde aus {} entfernen";
    installed: "Installed to {}", "In {} installiert";
    installed_already: "{} holds this package already", "{} enthält dieses Paket schon";
    started_in: "It runs now in {} {session|sessions} that somebody is logged on to",
        "Der Messenger läuft jetzt in {} {Sitzung, in der|Sitzungen, in denen} jemand angemeldet ist";
    not_started: "it was not started there; the next logon starts it: {}",
        "dort wurde er nicht gestartet; das geschieht bei der nächsten Anmeldung: {}";
    run_is_set: "It runs at logon: {}", "Der Messenger startet bei der Anmeldung: {}";
    run_by_hand: "The registry was left alone; on the computer: reg import {}",
        "Die Registrierung wurde nicht geändert; auf dem Computer: reg import {}";
    uninstalled: "Removed from {}", "Aus {} entfernt";
    not_installed: "{} holds no messenger", "{} enthält keinen Messenger";
    left_alone: "{} is not from the package, and stays", "{} gehört nicht zum Paket und bleibt";
    held: "{} is empty, but a program holds a file of it: remove the folder later",
        "{} ist leer, aber ein Programm hält noch eine Datei daraus offen: bitte den Ordner später entfernen";
}

impl Words {
    /// The words for a user of this language; English where there are none.
    pub fn of(language: Option<&Language>) -> &'static Self {
        let german = language.is_some_and(|language| language.and_wider().any(|tag| tag.eq_ignore_ascii_case("de")));
        if german { &GERMAN } else { &ENGLISH }
    }

    /// The name of a severity.
    pub fn severity(&self, severity: super::MessageSeverity) -> &'static str {
        match severity {
            super::MessageSeverity::Information => self.information,
            super::MessageSeverity::Warning => self.warning,
            super::MessageSeverity::Critical => self.critical,
        }
    }

    /// What an answer at the prompt says, a word or its first letter: whether the message is acknowledged; `None` where
    /// it is neither answer.
    pub fn answer(&self, said: &str) -> Option<bool> {
        let said = said.trim().to_lowercase();
        let is = |word: &str| {
            let word = word.to_lowercase();
            said == word || (said.chars().count() == 1 && word.starts_with(&said))
        };
        [(self.acknowledge, true), (self.later, false)].into_iter().find(|(word, _)| is(word)).map(|(_, is)| is)
    }
}

/// A text with its gaps filled, and the words in it that belong to one or to many.
///
/// ```
/// use configcid::messenger::{GERMAN, fill};
///
/// assert_eq!(fill(GERMAN.lint_clean, &["1"]), "Keine Fehler in 1 Nachricht");
/// assert_eq!(fill(GERMAN.summary, &["1", "3"]), "1 von 3 Nachrichten würden angezeigt");
/// ```
pub fn fill(text: &str, gaps: &[&str]) -> String {
    let mut gaps = gaps.iter();
    let mut last = "";
    let mut parts = text.split('{');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (gap, rest) = part.split_once('}').unwrap_or((part, ""));
        match gap.split_once('|') {
            Some((one, many)) => out.push_str(if last == "1" { one } else { many }),
            None => {
                last = gaps.next().copied().unwrap_or_default();
                out.push_str(last);
            }
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_the_same_gaps() {
        for (name, english, german) in ALL {
            assert_eq!(english.matches("{}").count(), german.matches("{}").count(), "{name}");
            assert_eq!(english.is_empty(), german.is_empty(), "{name}");
            for text in [english, german] {
                let filled = fill(text, &["1"; 9]) + &fill(text, &["2"; 9]);
                assert!(!filled.contains(['{', '|', '}']), "{name}: {filled}");
            }
        }
    }

    #[test]
    fn answers_are_those_of_the_prompt() {
        for (words, yes, no) in [(&ENGLISH, "a", "l"), (&GERMAN, "b", "s")] {
            assert!(words.prompt.contains(&format!("[{yes}]")) && words.prompt.contains(&format!("[{no}]")));
            assert_eq!((words.answer(yes), words.answer(no)), (Some(true), Some(false)));
            let shouted = words.acknowledge.to_uppercase();
            assert_eq!((words.answer(&shouted), words.answer(words.later)), (Some(true), Some(false)));
        }
        for neither in ["", " \n", "abort", "ack", "ll", "acknowledge it", "b"] {
            assert_eq!(ENGLISH.answer(neither), None, "{neither:?}");
        }
        assert_eq!(ENGLISH.answer(" A \r\n"), Some(true));
    }

    #[test]
    fn varieties_of_german_are_german() {
        for (tag, words) in [("de", "de"), ("de-CH", "de"), ("DE-at", "de"), ("den", "en"), ("fr", "en")] {
            assert_eq!(Words::of(Some(&tag.parse().unwrap())).tag, words, "{tag}");
        }
        assert_eq!(Words::of(None).tag, "en");
    }
}
