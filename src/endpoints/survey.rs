//! The table of many endpoints: what is known of each computer, the newest first, in the order of their names.

use std::ops::Range;
#[cfg(feature = "cli")]
use std::path::Path;
use std::path::PathBuf;
use std::time::SystemTime;

use super::export;
use super::find::{Failed, Part, Sighting, Sightings};
use super::judge::{Wanted, judge};
use super::list::Columns;
use super::model::{Endpoint, Evidence, Installed};
use super::name::{Domains, Name, runs};
#[cfg(feature = "cli")]
use super::remote::Ask;
use crate::base::pool::in_parallel;
use crate::base::time;

/// So many computers are read at once; the table is handed out in such parts.
const PART: usize = 512;

/// No more older sources of one computer are named.
const OLDER: usize = 5;

/// Sources that were found, and of which computers they are. Exports are not read yet.
#[derive(Debug)]
pub(crate) struct Survey {
    sightings: Sightings,
    /// Of each computer its sightings.
    computers: Vec<Range<usize>>,
}

impl Survey {
    /// Looks which sources there are. Lists and answers are read, folders are listed.
    pub(crate) fn of(sources: &[PathBuf], columns: &Columns) -> Self {
        let mut sightings = Sightings::default();
        sources.iter().for_each(|source| sightings.add(source, columns));
        Self::sorted(sightings)
    }

    /// The same with the computers of a list, which are asked over the network now.
    #[cfg(feature = "cli")]
    pub(crate) fn live(sources: &[PathBuf], columns: &Columns, list: &Path, text: &str, how: &Ask) -> Self {
        let mut sightings = Sightings::default();
        sources.iter().for_each(|source| sightings.add(source, columns));
        sightings.add_live(list, text, how);
        Self::sorted(sightings)
    }

    fn sorted(mut sightings: Sightings) -> Self {
        sightings.all.shrink_to_fit();
        // The newest last; of equally new ones, the one that was named last.
        sightings.all.sort_by_key(|sighting| sighting.when);
        sightings.all.sort_by_cached_key(|sighting| Name::read(&sighting.name).short);
        let mut computers = Vec::new();
        let name = |sighting: &Sighting| Name::read(&sighting.name);
        for run in runs(&sightings.all, |a, b| a.name == b.name || name(a).short == name(b).short) {
            let part = &mut sightings.all[run.clone()];
            let domains = Domains::of(part.iter().map(|sighting| name(sighting).domain));
            let number = |sighting: &Sighting| domains.number(&name(sighting).domain);
            if domains.are_several() {
                part.sort_by_cached_key(number);
            }
            let of_one = runs(part, |a, b| number(a) == number(b));
            computers.extend(of_one.into_iter().map(|of| run.start + of.start..run.start + of.end));
        }
        Self { sightings, computers }
    }

    /// How many computers there are.
    pub(crate) fn len(&self) -> usize {
        self.computers.len()
    }

    /// The sources that tell nothing at all.
    pub(crate) fn failed(&self) -> &[Failed] {
        &self.sightings.failed
    }

    /// How many files were left out since their names say that they are no exports.
    pub(crate) fn left(&self) -> usize {
        self.sightings.left
    }

    /// How many characters the longest name has.
    pub(crate) fn longest_name(&self) -> usize {
        self.sightings.all.iter().map(|sighting| sighting.name.chars().count()).max().unwrap_or(0)
    }

    /// Reads and judges every computer, and gives them to `done` in the order of their names, a part at a time; as long as it
    /// wants more. `wanted` says what is expected of the computer of a name.
    pub(crate) fn each<'w>(
        &self,
        wanted: impl Fn(&str) -> &'w Wanted + Sync,
        mut done: impl FnMut(Vec<Endpoint>) -> bool,
    ) {
        for part in self.computers.chunks(PART) {
            if !done(in_parallel(part, |computer| self.endpoint(&self.sightings.all[computer.clone()], &wanted))) {
                return;
            }
        }
    }

    fn endpoint<'w>(&self, sightings: &[Sighting], wanted: impl Fn(&str) -> &'w Wanted) -> Endpoint {
        let is_told = |sighting: &&Sighting| match &sighting.part {
            Part::Export(_) => true,
            Part::Line(_, evidence) => evidence.tells(),
            Part::Conf { .. } => false,
        };
        // Of lines that tell of nothing but an installed file, the newest where nothing tells more.
        let has_file = |sighting: &&Sighting| matches!(&sighting.part, Part::Line(_, it) if it.installed.is_some());
        let newest = sightings.iter().rfind(is_told).or_else(|| sightings.iter().rfind(has_file));
        let mut registry = newest.map(|sighting| match &sighting.part {
            Part::Export(file) => export::read(&self.sightings.places[sighting.place as usize].join(&**file)),
            Part::Line(_, evidence) => (**evidence).clone(),
            Part::Conf { .. } => Evidence::default(),
        });
        // Lists may say what is expected of it, and nothing else.
        let listed = sightings.iter().rev().find_map(|sighting| match &sighting.part {
            Part::Line(_, evidence) => evidence.expected.clone(),
            _ => None,
        });
        if let Some(listed) = listed {
            registry.get_or_insert_default().expected = Some(listed);
        }
        let conf = self.newest_conf(sightings);
        let collected = registry.as_mut().and_then(|evidence| evidence.installed.take());
        let installed = match (conf, collected) {
            (Some((when, _)), Some(collected)) if newest.is_some_and(|newest| newest.when >= when) => Some(*collected),
            (Some((_, read)), _) => Some(read),
            (None, collected) => collected.map(|collected| *collected),
        };
        let counts = newest.or(sightings.last());
        let name = counts.map_or_else(String::new, |sighting| sighting.name.to_string());
        let (registry, installed) = (registry.map(Evidence::plausible), installed.map(Installed::plausible));
        let wanted = wanted(&name);
        let mut endpoint = judge(name, registry.as_ref(), installed.as_ref(), wanted);
        endpoint.seen = counts.and_then(|sighting| sighting.when).map(time::print);
        endpoint.source = counts.map(|sighting| self.sightings.source(sighting));
        let older: Vec<&Sighting> = sightings
            .iter()
            .filter(is_told)
            .filter(|sighting| newest.is_none_or(|newest| !std::ptr::eq(*sighting, newest)))
            .collect();
        endpoint.older = older.iter().rev().take(OLDER).map(|sighting| self.sightings.source(sighting)).collect();
        if older.len() > OLDER {
            endpoint.notes.push(text!("{} older sources more do not count", older.len() - OLDER));
        }
        endpoint
    }

    /// What the newest folder says that has a `mrinit.conf` of the computer or a `mrinit.conf.orig`; and when.
    fn newest_conf(&self, sightings: &[Sighting]) -> Option<(Option<SystemTime>, Installed)> {
        let newest = sightings.iter().rfind(|sighting| matches!(sighting.part, Part::Conf { .. }))?;
        let path = |wanted: bool| {
            sightings.iter().rev().filter(|sighting| sighting.place == newest.place).find_map(
                |sighting| match &sighting.part {
                    Part::Conf { file, is_orig } if *is_orig == wanted => {
                        Some(self.sightings.places[sighting.place as usize].join(&**file))
                    }
                    _ => None,
                },
            )
        };
        let (conf, orig) = (path(false), path(true));
        Some((newest.when, export::read_installed(conf.as_deref(), orig.as_deref())))
    }
}
