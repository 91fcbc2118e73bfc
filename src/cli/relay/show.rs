//! `configcid relay show`.

use crate::relay;
use crate::report::relay_lines;
use crate::{Cid, Exit};

use crate::cli::flags::Cids;
use crate::cli::look::look_at_all;
use crate::cli::out::Out;

pub(super) fn show(args: &Cids, out: Out) -> Exit {
    look_at_all("relay show", &args.cids, out, |path| {
        let state = relay::show(&Cid::open(path)?)?;
        out.toned(relay_lines(&state));
        let faults = state.has_faults();
        Ok((state, faults))
    })
}
