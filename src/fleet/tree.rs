//! The tree that relays make, or fail to make.

use super::{Fleet, Target};

impl Fleet {
    /// For each relay, the CIDs whose endpoints report to it, by their indexes.
    pub(super) fn cids_of_relays(&self) -> Vec<Vec<usize>> {
        let mut cids = vec![Vec::new(); self.relays.len()];
        for (index, cid) in self.cids.iter().enumerate() {
            if let Target::Relay(relay) = cid.reports_to {
                cids[relay].push(index);
            }
        }
        cids
    }

    /// The level of each relay: 2 for those that report to the server, whose own is 1. `None` where the way up does not
    /// end at the server.
    pub fn levels(&self) -> Vec<Option<usize>> {
        let mut levels: Vec<Option<Option<usize>>> = vec![None; self.relays.len()];
        for start in 0..self.relays.len() {
            // Up to the server, or to a relay whose level is known, or to one that was met on this very way.
            let (mut way, mut here, mut above) = (Vec::new(), start, None);
            loop {
                if let Some(known) = levels[here] {
                    above = known;
                    break;
                }
                levels[here] = Some(None);
                way.push(here);
                match self.relays[here].reports_to {
                    Target::Relay(parent) => here = parent,
                    Target::Server => {
                        above = Some(1);
                        break;
                    }
                    Target::Unknown => break,
                }
            }
            for relay in way.into_iter().rev() {
                above = above.map(|level| level + 1);
                levels[relay] = Some(above);
            }
        }
        levels.into_iter().map(Option::flatten).collect()
    }

    /// The relays whose way up ends at the server, each before the one that it reports to.
    pub(super) fn bottom_up(&self) -> Vec<usize> {
        let levels = self.levels();
        let mut order: Vec<usize> = (0..self.relays.len()).filter(|relay| levels[*relay].is_some()).collect();
        order.sort_by_key(|relay| std::cmp::Reverse(levels[*relay]));
        order
    }

    /// The circles that relays make, each from the relay that stands first in the file, upwards.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        let mut seen = vec![false; self.relays.len()];
        let mut cycles = Vec::new();
        for start in 0..self.relays.len() {
            let (mut way, mut here) = (Vec::new(), Some(start));
            while let Some(relay) = here.filter(|relay| !seen[*relay]) {
                seen[relay] = true;
                way.push(relay);
                here = match self.relays[relay].reports_to {
                    Target::Relay(parent) => Some(parent),
                    Target::Server | Target::Unknown => None,
                };
            }
            // A way that ends at a relay of its own goes round.
            if let Some(first) = here.and_then(|here| way.iter().position(|relay| *relay == here)) {
                let mut cycle = way.split_off(first);
                let least = (0..cycle.len()).min_by_key(|index| cycle[*index]).unwrap_or(0);
                cycle.rotate_left(least);
                cycles.push(cycle);
            }
        }
        cycles
    }
}
