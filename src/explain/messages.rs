//! What is wrong with files of messages to administrators. docs/messenger.md has the format.

use super::{Page, pages_of};
use crate::messenger::Code;

pub(super) fn pages() -> Vec<Page> {
    pages_of! { Messages, Code;
        Format = "format", "error", "our choice",
            "The file is not a message file, or breaks its form.",
            "Nothing of it can be shown.",
            "correct the line and column that are named; templates/messenger.example.xml is an example";
        MissingTranslation = "missing-translation", "warning", "our choice",
            "A message has no text in a language that other messages have one in.",
            "Readers of that language see it in the default language.",
            "add the text, if it is to be read in that language";
        MissingDefault = "missing-default", "error", "our choice",
            "A message has no text in the default language.",
            "Readers of all other languages would see nothing.",
            "add the text, or name another default-language";
        Expired = "expired", "warning", "our choice",
            "A message is over: nobody is shown it any more.",
            "It only makes the file longer.",
            "remove it, or give it a later end";
        Unreachable = "unreachable", "error", "our choice",
            "No computer and no time can fulfil the conditions of a message.",
            "Nobody will ever see it, which nobody meant.",
            "look at the conditions that contradict each other";
        DuplicateId = "duplicate-id", "error", "our choice",
            "Two messages have the same id.",
            "Whoever acknowledges the one never sees the other.",
            "give each an id of its own";
        DuplicateMessage = "duplicate-message", "warning", "our choice",
            "Two messages say the same to the same people.",
            "Each would be shown, and acknowledged, twice.",
            "remove one of the two";
        BadLink = "bad-link", "error", "our choice",
            "A link is not one of http or https, or odd.",
            "A program that opens it might do something else than show a page.",
            "write the whole address of a page, beginning with https://";
        LongTitle = "long-title", "warning", "our choice",
            "A title is too long for one line.",
            "Its end is not seen in the list of messages.",
            "shorten it, and say the rest in the body";
        WildCharacter = "wild-character", "error", "our choice",
            "A character would disturb what is shown, such as one that reorders a line.",
            "A reader would see something else than what is written.",
            "remove it";
    }
}
