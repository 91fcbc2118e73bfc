//! Whether a web CID is complete for an endpoint: its catalogs are fetched, and each file that they list is asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::address::Address;
use super::client::{Answer, Ask, Client, Failure};
use super::files::{File, files, size};
use super::judge::{Wrong, alteration, refusal};
use super::reader::{LARGEST_CATALOG, USUAL_CATALOG, component_catalogs};
use super::report::{Counts, Refused, WebCatalog, WebFault, WebReport, rank};
use super::site::extension;
use super::sums::{Compared, Sums};
use crate::base::error::Result;
use crate::base::host::fresh_id;
use crate::base::pool::side_by_side;
use crate::base::text::count;
use crate::catalog::{Catalog, CidPath, CustomerFiles, Role};
use crate::catalogs::{ChecksumChoice, Loaded, Order};
use crate::cid::{CIDSYNC, CatalogFile, ROOT_CATALOGS};

/// For so many missing files it is looked whether they are there in another case.
const HINTS: usize = 8;

/// How to check.
#[derive(Debug)]
pub(crate) struct CheckOptions {
    /// How many requests are under way at a time.
    pub in_flight: usize,
    /// How long the server may be silent.
    pub timeout: Duration,
    /// Read every file, and compare checksums.
    pub deep: bool,
    /// Where the checksum function comes from.
    pub checksum: ChecksumChoice,
    /// A user's name and password.
    pub login: Option<(String, String)>,
    /// The file with the certificates of the authorities to trust in place of this computer's.
    pub ca: Option<PathBuf>,
}

/// What came of asking for one file.
#[derive(Default)]
struct Looked {
    fault: Option<WebFault>,
    too_long: Option<WebFault>,
    /// The server says nothing about caches.
    is_unsaid: bool,
    is_asked: bool,
    sums: Option<Sums>,
}

/// A check under way.
struct Check<'a> {
    address: &'a Address,
    options: &'a CheckOptions,
    client: Client,
    requests: AtomicUsize,
    /// How many requests in a row got no answer.
    in_vain: AtomicUsize,
}

/// Checks the web CID at `address`; `progress` is told how many of how many files were asked for.
///
/// # Errors
/// A brought checksum command fails, or the file of `ca` holds no certificate. What is wrong with the web CID is not an error but a fault.
pub(crate) fn check(
    address: &Address,
    options: &CheckOptions,
    progress: impl FnMut(usize, usize),
) -> Result<WebReport> {
    let client = Client::new(options.timeout, options.in_flight, options.login.as_ref(), options.ca.as_deref())?;
    let check = Check { address, options, client, requests: AtomicUsize::new(0), in_vain: AtomicUsize::new(0) };
    let mut report = WebReport {
        url: address.to_string(),
        server: None,
        complete: false,
        deep: options.deep,
        catalogs: Vec::new(),
        files: Counts::default(),
        requests: 0,
        extensions: Vec::new(),
        redirected_to: Vec::new(),
        faults: Vec::new(),
        notes: Vec::new(),
    };
    if options.login.is_some() && !address.is_encrypted() {
        report.notes.push(text!("the password was sent in the clear: the URL does not begin with https://").to_owned());
    }
    check.run(&mut report, progress)?;
    report.requests = check.requests.load(Ordering::Relaxed);
    report.complete = report.faults.is_empty();
    let redirected = report.faults.iter().filter(|fault| fault.code == "redirected");
    let servers: BTreeSet<String> = redirected.filter_map(|fault| server_of(&fault.what)).collect();
    report.redirected_to = servers.into_iter().collect();
    report.faults.sort_by_cached_key(|fault| (rank(fault.code), fault.path.as_ref().map(CidPath::key)));
    Ok(report)
}

/// The server in a sentence that names a URL.
fn server_of(what: &str) -> Option<String> {
    let (before, rest) = what.split_once("://")?;
    let scheme = before.rsplit(' ').next()?;
    let host = rest.split(['/', '?', '#', ',', ' ']).next()?;
    Some(format!("{scheme}://{host}"))
}

impl Check<'_> {
    fn run(&self, report: &mut WebReport, progress: impl FnMut(usize, usize)) -> Result<()> {
        let answers_everything = self.answers_everything();
        let mut loaded = self.root_catalogs(answers_everything, report)?;
        if loaded.is_empty() {
            return Ok(());
        }
        if self.is_component() {
            let what = text!("the folder above is a CID, of which this is a component");
            report.faults.push(WebFault::new("component", None, None, what));
            return Ok(());
        }
        if answers_everything {
            let what =
                text!("the server answers for names that are not there, so that a missing file looks as if it were");
            report.faults.push(WebFault::new("answers-everything", None, Some(200), what));
        }
        let told = self.component_catalogs(&mut loaded, answers_everything, report)?;
        let files = files(&loaded);
        report.files.listed = files.len();
        report.files.bytes = files.iter().map(|file| u64::from(size(&loaded, file))).sum();
        let order = Order::new(&loaded);
        let compared = Compared::new(&loaded, &order, &self.options.checksum)?;
        let looked = self.look_at_all(&files, &loaded, &compared, &told, progress)?;
        self.tell(&files, looked, &loaded, &compared, report);
        self.find_compression(&files, &loaded, report);
        self.find_refused_extensions(&files, report);
        self.find_other_case(report);
        self.find_update(&loaded, report);
        Ok(())
    }

    fn ask(&self, url: &str, ask: Ask, encodings: &str) -> Result<Answer, Failure> {
        if self.in_vain.load(Ordering::Relaxed) > 2 * self.options.in_flight + 4 {
            return Err(Failure { code: GONE, what: String::new() });
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.client.ask(url, ask, encodings);
        match &answer {
            Ok(_) => self.in_vain.store(0, Ordering::Relaxed),
            Err(_) => _ = self.in_vain.fetch_add(1, Ordering::Relaxed),
        }
        answer
    }

    /// Asks for a file without its content.
    fn look(&self, url: &str) -> Result<Answer, Failure> {
        let answer = self.ask(url, Ask::Head, "identity")?;
        let is_unclear = answer.status == 200 && answer.length.is_none() && answer.encoding.is_none();
        // Some servers answer HEAD otherwise than GET.
        if is_unclear || matches!(answer.status, 400 | 403 | 405 | 500 | 501 | 503) {
            return self.ask(url, Ask::FirstByte, "identity");
        }
        Ok(answer)
    }

    /// Whether the server has something to say for a name that nobody has given to a file.
    fn answers_everything(&self) -> bool {
        let url = format!("{}/configcid-{}.upd", self.address, fresh_id());
        self.look(&url).is_ok_and(|answer| matches!(answer.status, 200 | 206))
    }

    /// The catalogs of the root.
    fn root_catalogs(&self, answers_everything: bool, report: &mut WebReport) -> Result<Vec<Loaded>> {
        let mut loaded = Vec::new();
        for name in std::iter::once(&CIDSYNC).chain(ROOT_CATALOGS) {
            let file = CatalogFile { path: CidPath::in_root(name)?, folder: None };
            match self.catalog(self.address, &file, &mut report.server) {
                Ok(catalog) => loaded.push(catalog),
                Err((wrong, _)) if *name != CIDSYNC && matches!(wrong.code, "missing" | GONE) => {}
                // What comes for every name tells nothing of this one.
                Err(_) if *name != CIDSYNC && answers_everything => {}
                Err((wrong, status)) => {
                    let mut fault = WebFault::new(wrong.code, Some(&file.path), status, wrong.what);
                    if wrong.code == "missing" {
                        fault.next = match report.server.as_deref().is_some_and(|server| server.contains("IIS")) {
                            true => text!(
                                "look at the URL; or .upd has no MIME type there [61560]: configcid web config iis"
                            ),
                            false => {
                                text!("name the URL of the folder that endpoints update from: it holds cidsync.upd")
                            }
                        };
                    }
                    report.faults.push(fault);
                    // No server, a login, a redirection: the others would fare as this one did.
                    if *name == CIDSYNC && !matches!(wrong.code, "missing" | "refused" | "catalog-format") {
                        break;
                    }
                }
            }
        }
        Ok(loaded)
    }

    /// Fetches a catalog. What is wrong comes with the status that was answered.
    fn catalog(
        &self,
        address: &Address,
        file: &CatalogFile,
        server: &mut Option<String>,
    ) -> Result<Loaded, (Wrong, Option<u16>)> {
        let url = address.of(&file.path);
        let answer = self.ask(&url, Ask::All(USUAL_CATALOG), "identity").map_err(|failure| (failure.into(), None))?;
        let status = Some(answer.status);
        if server.is_none() {
            server.clone_from(&answer.server);
        }
        if let Some(wrong) = refusal(&answer, address, &url) {
            answer.finish();
            return Err((wrong, status));
        }
        let wrong = |code, what: String| (Wrong { code, what }, status);
        if let Some(encoding) = &answer.encoding {
            return Err(wrong("compressed", text!("it comes encoded ({encoding}), which nobody asked for", encoding)));
        }
        let is_page = answer.media_type.as_deref().is_some_and(|media| media.starts_with("text/html"));
        let mut content = answer.content(LARGEST_CATALOG + 1, self.options.timeout);
        let mut bytes = Vec::new();
        let read = std::io::Read::read_to_end(&mut content, &mut bytes);
        if let Some(failure) = content.failure() {
            return Err(wrong(failure.code, text!("after {} bytes {}", content.read, failure.what)));
        }
        if read.is_err() || bytes.len() as u64 > LARGEST_CATALOG {
            return Err(wrong(
                "catalog-format",
                text!("more than {LARGEST_CATALOG} bytes come, and no end", LARGEST_CATALOG),
            ));
        }
        let catalog = Catalog::parse(&bytes).map_err(|error| match is_page {
            true => wrong("page", text!("a web page comes in its place, perhaps a login or an error").to_owned()),
            false => {
                let position = error.position().map_or_else(String::new, |position| format!("{position}: "));
                wrong("catalog-format", format!("{position}{}", error.what()))
            }
        })?;
        Ok(Loaded { file: file.clone(), bytes: bytes.into(), catalog })
    }

    /// Whether the folder above is a CID that has this one as a component.
    fn is_component(&self) -> bool {
        let Some(above) = self.address.above() else { return false };
        let Ok(path) = CidPath::in_root(CIDSYNC) else { return false };
        let file = CatalogFile { path, folder: None };
        let Ok(catalog) = self.catalog(&above, &file, &mut None) else { return false };
        self.address.is_component(&above, &catalog.catalog)
    }

    /// The catalogs of components. A server lists no folders: those that the root's catalogs name are asked for, and those
    /// that are components by their names. Gives the catalogs of which something was told already.
    fn component_catalogs(
        &self,
        loaded: &mut Vec<Loaded>,
        answers_everything: bool,
        report: &mut WebReport,
    ) -> Result<HashSet<String>> {
        let entries = loaded.iter().flat_map(|loaded| loaded.catalog.entries());
        let listed: HashSet<String> = entries.map(|entry| entry.path.key()).collect();
        let catalogs = component_catalogs(loaded)?;
        let mut told = HashSet::new();
        let mut answers: Vec<Option<_>> = (0..catalogs.len()).map(|_| None).collect();
        side_by_side(
            self.options.in_flight,
            catalogs.len(),
            |index| self.catalog(self.address, &catalogs[index], &mut None),
            |index, answer| answers[index] = Some(answer),
        );
        for (file, answer) in catalogs.iter().zip(answers.into_iter().flatten()) {
            let is_listed = listed.contains(&file.path.key());
            match answer {
                Ok(catalog) => loaded.push(catalog),
                Err((wrong, _)) if wrong.code == GONE => {}
                Err((wrong, _)) if !is_listed && wrong.code == "missing" => {}
                Err(_) if !is_listed && answers_everything => {}
                Err((wrong, status)) => {
                    told.insert(file.path.key());
                    report.faults.push(WebFault::new(wrong.code, Some(&file.path), status, wrong.what));
                }
            }
        }
        Ok(told)
    }

    fn look_at_all(
        &self,
        files: &[File],
        loaded: &[Loaded],
        compared: &Compared<'_>,
        told: &HashSet<String>,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Vec<Looked>> {
        let mut looked: Vec<Looked> = files.iter().map(|_| Looked::default()).collect();
        let (mut done, mut failed) = (0, None);
        side_by_side(
            self.options.in_flight,
            files.len(),
            |index| match told.contains(&files[index].path.key()) {
                true => Ok(Looked { is_asked: true, ..Looked::default() }),
                false => self.look_at(&files[index], loaded, compared),
            },
            |index, answer| {
                done += 1;
                progress(done, files.len());
                match answer {
                    Ok(answer) => looked[index] = answer,
                    Err(error) => _ = failed.get_or_insert(error),
                }
            },
        );
        failed.map_or(Ok(looked), Err)
    }

    fn look_at(&self, file: &File, loaded: &[Loaded], compared: &Compared<'_>) -> Result<Looked> {
        let url = self.address.of(&file.path);
        let size = size(loaded, file);
        let answer = match self.options.deep {
            true => self.ask(&url, Ask::All(size.into()), "identity"),
            false => self.look(&url),
        };
        let mut looked = Looked { is_asked: true, ..Looked::default() };
        let fault = |wrong: Wrong, status| Some(WebFault::new(wrong.code, Some(&file.path), status, wrong.what));
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) if failure.code == GONE => return Ok(Looked::default()),
            Err(failure) => {
                looked.fault = fault(failure.into(), None);
                return Ok(looked);
            }
        };
        let status = Some(answer.status);
        let entries = || file.listed.iter().map(|(catalog, entry)| &loaded[*catalog].catalog.entries()[*entry]);
        let wrong = refusal(&answer, self.address, &url)
            .or_else(|| entries().find_map(|entry| alteration(&answer, file.path.file_name(), entry.size)));
        if let Some(wrong) = wrong {
            looked.fault = fault(wrong, status);
            // What is left of an answer is read where it is short: the connection is used again.
            if !self.options.deep || answer.status != 200 {
                answer.finish();
            }
            return Ok(looked);
        }
        let is_changing = CustomerFiles::default().role(&file.path) != Role::Vendor;
        looked.is_unsaid = is_changing && answer.cache.fresh_for().is_none();
        looked.too_long = answer
            .cache
            .too_long(is_changing)
            .map(|what| WebFault::new("cached-too-long", Some(&file.path), status, what));
        if !self.options.deep {
            answer.finish();
            return Ok(looked);
        }
        let mut content = answer.content(u64::from(size) + 1, self.options.timeout);
        let sums = compared.read(file, &mut content);
        if let Some(failure) = content.failure() {
            let what = text!("after {read} of {size} bytes {what}", read = content.read, size, what = failure.what);
            looked.fault = fault(Wrong { code: failure.code, what }, status);
            return Ok(looked);
        }
        if content.read != u64::from(size) {
            let what = match content.read > u64::from(size) {
                true => text!("more than the {size} bytes come that are listed", size),
                false => text!("{read} bytes come, and {size} are listed", read = content.read, size),
            };
            looked.fault = fault(Wrong { code: "size", what }, status);
            return Ok(looked);
        }
        looked.sums = Some(sums?);
        Ok(looked)
    }

    /// Puts what came of each file into the report.
    fn tell(
        &self,
        files: &[File],
        looked: Vec<Looked>,
        loaded: &[Loaded],
        compared: &Compared<'_>,
        report: &mut WebReport,
    ) {
        let told = faulty(report);
        let mut unsaid = 0;
        let mut wrong: HashSet<usize> = HashSet::new();
        let mut sums = Vec::new();
        for (index, looked) in looked.into_iter().enumerate() {
            report.files.not_asked += usize::from(!looked.is_asked);
            unsaid += usize::from(looked.is_unsaid);
            if looked.fault.is_some() || !looked.is_asked || told.contains_key(&files[index].path.key()) {
                wrong.insert(index);
            }
            report.faults.extend(looked.fault);
            report.faults.extend(looked.too_long);
            sums.extend(looked.sums.map(|sums| (index, sums)));
        }
        let verdict = compared.judge(files, &sums, self.options.deep);
        for (index, fault) in verdict.faults {
            wrong.extend(index);
            report.faults.push(fault);
        }
        report.notes.extend(verdict.notes);
        report.catalogs = loaded
            .iter()
            .zip(verdict.functions)
            .map(|(loaded, function)| WebCatalog {
                catalog: loaded.file.path.clone(),
                entries: loaded.catalog.entries().len(),
                function,
            })
            .collect();
        report.files.right = files.len() - wrong.len();
        if unsaid > 0 {
            let files = count(unsaid, "catalog or customer's file", "catalogs and customer's files");
            report.notes.push(text!("nothing says how long caches may keep {files}: they guess, by when a file was changed; configcid web config has \
                 a rule for it", files));
        }
        if report.files.not_asked > 0 {
            report.notes.push(text!(
                "the server has gone: {} not asked for",
                count(report.files.not_asked, "file was", "files were")
            ));
        }
    }

    /// Whether the server compresses for those who accept it: asked for the largest file of each extension.
    fn find_compression(&self, files: &[File], loaded: &[Loaded], report: &mut WebReport) {
        let faulty = faulty(report);
        let mut largest: BTreeMap<String, &File> = BTreeMap::new();
        for file in files.iter().filter(|file| size(loaded, file) > 0 && !faulty.contains_key(&file.path.key())) {
            let most = largest.entry(extension(file.path.file_name())).or_insert(file);
            if size(loaded, file) > size(loaded, most) {
                *most = file;
            }
        }
        let largest: Vec<&File> = largest.into_values().collect();
        side_by_side(
            self.options.in_flight,
            largest.len(),
            |index| {
                let url = self.address.of(&largest[index].path);
                self.ask(&url, Ask::All(size(loaded, largest[index]).into()), "gzip, deflate, br").ok()
            },
            |index, answer| {
                let Some(answer) = answer else { return };
                if let (200, Some(encoding)) = (answer.status, &answer.encoding) {
                    let what = text!(
                        "it comes encoded ({encoding}) for those who accept that, and so do all that end like it",
                        encoding
                    );
                    report.faults.push(WebFault::new("compressed", Some(&largest[index].path), Some(200), what));
                }
            },
        );
    }

    /// Extensions of which the server gives out no file at all, as IIS does with those that it does not know \[61560\].
    fn find_refused_extensions(&self, files: &[File], report: &mut WebReport) {
        let is_iis = report.server.as_deref().is_some_and(|server| server.contains("IIS"));
        let faulty = faulty(report);
        let mut by_extension: BTreeMap<String, (usize, usize, bool)> = BTreeMap::new();
        for file in files {
            let (all, refused, is_forbidden) = by_extension.entry(extension(file.path.file_name())).or_default();
            *all += 1;
            let code = faulty.get(&file.path.key()).copied();
            *refused += usize::from(matches!(code, Some("missing" | "refused")));
            *is_forbidden |= code == Some("refused");
        }
        // Where nothing at all is given out, it is not for the extensions.
        if by_extension.values().all(|(_, refused, _)| *refused > 0) {
            return;
        }
        for (extension, (all, refused, is_forbidden)) in by_extension {
            if refused == all && (is_iis || is_forbidden || all > 1) {
                report.extensions.push(Refused { extension, files: all });
            }
        }
        let refused: HashSet<&str> = report.extensions.iter().map(|refused| refused.extension.as_str()).collect();
        for fault in &mut report.faults {
            let Some(path) = &fault.path else { continue };
            if matches!(fault.code, "missing" | "refused") && refused.contains(&*extension(path.file_name())) {
                *fault = WebFault::new("extension", Some(path), fault.status, std::mem::take(&mut fault.what));
            }
        }
    }

    /// Whether missing files are there in another case: then the server tells names apart by it.
    fn find_other_case(&self, report: &mut WebReport) {
        let missing = report.faults.iter_mut().filter(|fault| matches!(fault.code, "missing" | "extension"));
        for fault in missing.take(HINTS) {
            let Some(path) = &fault.path else { continue };
            let others = [path.as_str().to_lowercase(), path.as_str().to_uppercase()];
            let others =
                others.iter().filter(|other| *other != path.as_str()).filter_map(|other| CidPath::parse(other).ok());
            let found = others.into_iter().find(|other| {
                self.look(&self.address.of(other)).is_ok_and(|answer| matches!(answer.status, 200 | 206))
            });
            if let Some(found) = found {
                fault.what = text!("it is there as {found} alone: this server tells names apart by their case", found);
            }
        }
    }

    /// Whether the CID was updated meanwhile, so that what was found may be of two states.
    fn find_update(&self, loaded: &[Loaded], report: &mut WebReport) {
        for before in loaded.iter().filter(|loaded| loaded.file.folder.is_none()) {
            let now = self.catalog(self.address, &before.file, &mut None);
            if now.is_ok_and(|now| now.bytes != before.bytes) {
                let what = text!("it is another one than when the check began: the CID was updated meanwhile");
                report.faults.push(WebFault::new("changed", Some(&before.file.path), Some(200), what));
            }
        }
    }
}

/// What stands for the code of a failure where the server has gone and nobody was asked any more.
const GONE: &str = "gone";

/// The files that endpoints do not get as they are listed, by their keys, with why.
fn faulty(report: &WebReport) -> HashMap<String, &'static str> {
    let faults = report.faults.iter().filter(|fault| fault.code != "cached-too-long");
    faults.filter_map(|fault| Some((fault.path.as_ref()?.key(), fault.code))).collect()
}
