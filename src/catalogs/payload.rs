//! The one door through which changes to a CID become a plan: whatever a capability wants to write, the plan that comes
//! out has the catalogs that list it, in the order that readers need, and nothing that a manifest forbids.

use super::basis::{Basis, Refreshed, customer_files};
use super::detect::all_samples;
use super::entries::bring_in_line;
use super::loaded::{load, survey};
use super::{Loaded, Order, RefreshOptions, busy, contents, damage, program, signed};
use crate::base::error::Result;
use crate::catalog::CidPath;
use crate::cid::Cid;
use crate::cid::tree::Found;
use crate::plan::{Action, CatalogChange, Change, Parts, Plan, View};

/// What a capability wants of a CID. It is no plan yet: [`plan`](Payload::plan) makes a whole one of it.
pub(crate) struct Payload {
    /// What it is for, in a few words: it stands in the CID's history.
    pub purpose: String,
    /// Files to write, none of them a catalog.
    pub changes: Vec<Change>,
    /// What is allowed and still likely to be a mistake, each as a sentence.
    pub warnings: Vec<String>,
    /// Files that it was worked out from, as they were then.
    pub read: Vec<(CidPath, Vec<u8>)>,
}

impl Payload {
    /// No changes: the catalogs alone are brought in line.
    pub(crate) fn new(purpose: impl Into<String>) -> Self {
        Self { purpose: purpose.into(), changes: Vec::new(), warnings: Vec::new(), read: Vec::new() }
    }

    /// The finished plan.
    ///
    /// # Errors
    /// As [`refresh`](super::refresh()).
    pub(crate) fn plan(self, cid: &Cid, options: &RefreshOptions) -> Result<Plan> {
        let Self { purpose, mut changes, mut warnings, read } = self;
        let loaded = load(cid)?;
        if !options.accept_temporary {
            busy::refuse(cid, &loaded)?;
        }
        for Loaded { file, bytes, .. } in &loaded {
            cid.tree().tell_size(&file.path, bytes.len() as u64);
        }
        for (path, bytes) in &read {
            cid.tree().tell_size(path, bytes.len() as u64);
        }
        // A damaged file is told by its size alone.
        let survey = survey(cid, &loaded);
        let view = View::new(cid, &changes);
        for Loaded { file, bytes, .. } in &loaded {
            view.hold(&file.path, bytes.clone());
        }
        for (path, bytes) in &read {
            view.hold(path, bytes.as_slice().into());
        }
        let samples = all_samples(&view, &loaded, &options.customer_files);
        let order = Order::new(&loaded);
        warnings.extend(order.warnings());
        warnings.extend(damage::accept(&view, &loaded, &survey, &samples, options)?);
        let customers = customer_files(&view, &options.customer_files)?;
        // Before anything is worked out from them: what changes from here on makes the plan void.
        let unchanged: Vec<&CidPath> = customers.values().filter(|path| !view.is_new(path)).collect();
        let observed = view.observe(&unchanged)?;
        let mut relied_on: Vec<_> = unchanged.into_iter().cloned().zip(observed).collect();
        let mut basis = Basis { view, loaded: &loaded, order: &order, customers: &customers, options };
        let Refreshed { catalogs, writes, functions, notes, said, left, on_the_cid } = match &options.program {
            Some(program) => program::run(program, &basis, &samples, &changes)?,
            None => bring_in_line(&mut basis, &samples)?,
        };
        let is_ours = |path: &CidPath| changes.iter().any(|change| change.path.key() == path.key());
        for path in gone(&catalogs).filter(|path| !is_ours(path)) {
            // What a program has taken out of a catalog may be there still.
            if matches!(cid.tree().find(&path)?, Found::Absent) {
                relied_on.push((path, None));
            }
        }
        let looked = Some(contents::looked(&basis.view, &loaded, &survey, &samples, &functions, options)?);
        changes.extend(writes);
        let signed = signed::consult(cid, &changes, &catalogs, &options.customer_files)?;
        warnings.extend(signed.warnings);
        let candidates = signed.candidates;
        Ok(Plan::new(
            cid,
            Parts {
                purpose,
                changes,
                catalogs,
                warnings,
                notes,
                said,
                left,
                candidates,
                relied_on,
                functions,
                looked,
                on_the_cid,
            },
        ))
    }
}

/// The files that catalogs list no more since they have gone. The plan is void if one comes back.
fn gone(catalogs: &[CatalogChange]) -> impl Iterator<Item = CidPath> {
    catalogs.iter().flat_map(|catalog| {
        let removed = catalog.actions.iter().filter(|change| change.action == Action::Remove);
        removed.map(|change| change.path.under(catalog.catalog.folder().as_ref()))
    })
}
