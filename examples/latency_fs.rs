//! A folder as it is behind a share: every request that reaches it waits for a while and is counted.
//!
//! ```text
//! latency_fs FOLDER MOUNTPOINT [--delay MICROSECONDS] [--hold SECONDS] [--bare] [--in-flight N] [--short] [--record FILE]
//!            [--trace FILE]
//! ```
//!
//! A listing brings the attributes of what it lists, which hold for `--hold` (one second), as clients of SMB and NFS have
//! it; with `--bare` nothing is kept. At most N requests (64) are waited for at a time. With `--short`, reads give less than
//! was asked for. Once it is mounted it says `ready`, and takes orders from its standard input, a line each: `count`
//! answers with the number of requests since the last such line, how many those are of each kind, and how many of those that read
//! were waited for at once; `delay MICROSECONDS`; `delay_reads MICROSECONDS` lets those that read wait so much longer;
//! `fail ERRNO` lets every request fail from now on, as where a connection is lost, and `fail 0` brings it back. At the end
//! of the input it is unmounted. With `--record`, each request that changed something is a line of FILE, in the order in
//! which they were carried out: what a disk would know of them, be it flushed or not. Numbers of files are those of the disk,
//! but that the root's is 1. The system tells a file system like this nothing of a `syncfs`: whoever has called it looks for the
//! name `.configcid-flushed-all`, and all that is there is recorded as flushed, one by one. With `--trace`, each request is a line
//! of FILE: its kind, and the name of what it is about.

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::{BTreeMap, HashMap};
    use std::ffi::{OsStr, OsString};
    use std::fs::File;
    use std::io::{self, BufRead, Write};
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};
    use std::os::unix::ffi::OsStringExt;
    use std::os::unix::fs::{DirEntryExt, FileExt};
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicI32, AtomicU64, Ordering::Relaxed};
    use std::sync::{Arc, Mutex};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use fuser::*;
    use rustix::fs::{self as sys, AtFlags, Mode, OFlags};
    use serde_json::json;

    /// Who looks for this has flushed all.
    const FLUSHED_ALL: &str = ".configcid-flushed-all";

    /// What the file system and the orders share.
    struct Meter {
        delay: AtomicU64,
        /// What reads wait for beyond that.
        delay_of_reads: AtomicU64,
        failing: AtomicI32,
        counts: Mutex<BTreeMap<&'static str, Count>>,
    }

    /// Requests of one kind.
    #[derive(Default)]
    struct Count {
        all: u64,
        at_work: u64,
        most_at_once: u64,
    }

    struct Latency {
        meter: Arc<Meter>,
        hold: Duration,
        is_bare: bool,
        is_short: bool,
        /// By their numbers on the disk, but for the root's; each stays open, so that the number stays its own.
        inodes: Mutex<HashMap<u64, Arc<OwnedFd>>>,
        open: Mutex<HashMap<u64, Arc<Open>>>,
        next: AtomicU64,
        /// While a request is carried out that changes something, no other one is.
        record: Option<Mutex<File>>,
        trace: Option<Mutex<File>>,
    }

    /// What a request is about.
    enum About<'a> {
        File(INodeNo),
        Name(&'a OsStr),
    }

    enum Open {
        File(File),
        Folder(Vec<(OsString, u64, FileType)>),
    }

    fn kind(kind: sys::FileType) -> FileType {
        match kind {
            sys::FileType::Directory => FileType::Directory,
            sys::FileType::Symlink => FileType::Symlink,
            sys::FileType::Fifo => FileType::NamedPipe,
            sys::FileType::Socket => FileType::Socket,
            sys::FileType::BlockDevice => FileType::BlockDevice,
            sys::FileType::CharacterDevice => FileType::CharDevice,
            _ => FileType::RegularFile,
        }
    }

    fn time(seconds: i64, nanoseconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::new(seconds.max(0) as u64, nanoseconds as u32)
    }

    fn attributes(ino: u64, stat: &sys::Stat) -> FileAttr {
        FileAttr {
            ino: INodeNo(ino),
            size: stat.st_size as u64,
            blocks: stat.st_blocks as u64,
            atime: time(stat.st_atime, stat.st_atime_nsec),
            mtime: time(stat.st_mtime, stat.st_mtime_nsec),
            ctime: time(stat.st_ctime, stat.st_ctime_nsec),
            crtime: UNIX_EPOCH,
            kind: kind(sys::FileType::from_raw_mode(stat.st_mode)),
            perm: (stat.st_mode & 0o7777) as u16,
            nlink: stat.st_nlink as u32,
            uid: stat.st_uid,
            gid: stat.st_gid,
            rdev: stat.st_rdev as u32,
            blksize: stat.st_blksize as u32,
            flags: 0,
        }
    }

    fn path_of(fd: &OwnedFd) -> String {
        format!("/proc/self/fd/{}", fd.as_raw_fd())
    }

    impl Latency {
        /// Does what one request asks for.
        fn request<T>(
            &self,
            kind: &'static str,
            about: About<'_>,
            call: impl FnOnce() -> io::Result<T>,
        ) -> Result<T, Errno> {
            self.trace(kind, &about);
            let count = |change: fn(&mut Count)| change(self.meter.counts.lock().unwrap().entry(kind).or_default());
            count(|count| {
                count.all += 1;
                count.at_work += 1;
                count.most_at_once = count.most_at_once.max(count.at_work);
            });
            let more = if kind == "read" { self.meter.delay_of_reads.load(Relaxed) } else { 0 };
            std::thread::sleep(Duration::from_micros(self.meter.delay.load(Relaxed) + more));
            // An order to count may have come meanwhile.
            count(|count| count.at_work = count.at_work.saturating_sub(1));
            match self.meter.failing.load(Relaxed) {
                0 => call().map_err(Errno::from),
                errno => Err(Errno::from_i32(errno)),
            }
        }

        /// Writes down a request, where that is wanted.
        fn trace(&self, kind: &str, about: &About<'_>) {
            let Some(trace) = &self.trace else { return };
            let path = |ino: &INodeNo| std::fs::read_link(path_of(&*self.inode(*ino).ok()?)).ok();
            let name = match about {
                About::Name(name) => Some(name.to_os_string()),
                About::File(ino) => path(ino).and_then(|path| path.file_name().map(OsStr::to_os_string)),
            };
            let name = name.unwrap_or_default();
            writeln!(trace.lock().unwrap(), "{kind} {}", name.to_string_lossy()).expect("the trace is written");
        }

        /// Carries out what changes something, and records what that was.
        fn change<T>(
            &self,
            call: impl FnOnce() -> io::Result<T>,
            what: impl FnOnce(&T) -> io::Result<serde_json::Value>,
        ) -> io::Result<T> {
            let Some(record) = &self.record else { return call() };
            let mut record = record.lock().unwrap();
            let done = call()?;
            writeln!(record, "{}", what(&done)?)?;
            Ok(done)
        }

        /// Records that all there is was flushed: content first, then names.
        fn flushed_all(&self) -> io::Result<()> {
            let Some(record) = &self.record else { return Ok(()) };
            let mut record = record.lock().unwrap();
            let root = PathBuf::from(path_of(&*self.inode(INodeNo::ROOT)?));
            let mut folders = vec![(root, INodeNo::ROOT.0)];
            let mut number = 0;
            while let Some((folder, _)) = folders.get(number).cloned() {
                for entry in std::fs::read_dir(folder)? {
                    let entry = entry?;
                    let (path, ino, kind) = (entry.path(), entry.ino(), entry.file_type()?);
                    if kind.is_dir() {
                        folders.push((path, ino));
                    } else if kind.is_file() {
                        writeln!(record, "{}", json!({"flush": ino, "content": std::fs::read(path)?}))?;
                    }
                }
                number += 1;
            }
            for (_, ino) in folders {
                writeln!(record, "{}", json!({"flush_folder": ino}))?;
            }
            Ok(())
        }

        /// How large a file has become.
        fn grown<T>(&self, ino: INodeNo, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
            let size = |_: &T| Ok(json!({"size": ino.0, "bytes": sys::fstat(&*self.inode(ino)?)?.st_size}));
            self.change(call, size)
        }

        fn inode(&self, ino: INodeNo) -> io::Result<Arc<OwnedFd>> {
            self.inodes.lock().unwrap().get(&ino.0).cloned().ok_or_else(|| io::Error::from_raw_os_error(116))
        }

        fn entry(&self, parent: &OwnedFd, name: &OsStr) -> io::Result<FileAttr> {
            let fd = sys::openat(parent, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
            let stat = sys::fstat(&fd)?;
            self.inodes.lock().unwrap().entry(stat.st_ino).or_insert_with(|| Arc::new(fd));
            Ok(attributes(stat.st_ino, &stat))
        }

        fn keep(&self, open: Open) -> FileHandle {
            let number = self.next.fetch_add(1, Relaxed);
            self.open.lock().unwrap().insert(number, Arc::new(open));
            FileHandle(number)
        }

        fn handle(&self, handle: FileHandle) -> io::Result<Arc<Open>> {
            let open = self.open.lock().unwrap().get(&handle.0).cloned();
            open.ok_or_else(|| io::Error::from_raw_os_error(9))
        }

        fn close(&self, handle: FileHandle) -> io::Result<()> {
            self.open.lock().unwrap().remove(&handle.0);
            Ok(())
        }

        /// Does something with an open file.
        fn with_file<T>(&self, handle: FileHandle, call: impl FnOnce(&File) -> io::Result<T>) -> io::Result<T> {
            match &*self.handle(handle)? {
                Open::File(file) => call(file),
                Open::Folder(_) => Err(io::ErrorKind::IsADirectory.into()),
            }
        }

        /// What a folder lists from an offset on.
        fn listed(&self, fh: FileHandle, offset: u64) -> io::Result<Vec<(u64, OsString, u64, FileType)>> {
            let open = self.handle(fh)?;
            let Open::Folder(entries) = &*open else { return Err(io::ErrorKind::NotADirectory.into()) };
            let rest = (1..).zip(entries).skip(offset as usize);
            Ok(rest.map(|(next, (name, ino, kind))| (next, name.clone(), *ino, *kind)).collect())
        }

        fn how_opened(&self) -> FopenFlags {
            if self.is_short { FopenFlags::FOPEN_DIRECT_IO } else { FopenFlags::empty() }
        }

        fn answer_entry(&self, found: Result<FileAttr, Errno>, reply: ReplyEntry) {
            match found {
                Ok(attributes) => reply.entry(&self.hold, &attributes, Generation(0)),
                Err(error) => reply.error(error),
            }
        }
    }

    fn answer(done: Result<(), Errno>, reply: ReplyEmpty) {
        match done {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(error),
        }
    }

    /// Extended attributes, locks and the rest are what this file system does not have.
    impl Filesystem for Latency {
        fn init(&mut self, _: &Request, config: &mut KernelConfig) -> io::Result<()> {
            let _ = config.add_capabilities(InitFlags::FUSE_PARALLEL_DIROPS | InitFlags::FUSE_ASYNC_READ);
            if !self.is_bare {
                let _ = config.add_capabilities(InitFlags::FUSE_DO_READDIRPLUS);
            }
            let _ = config.set_max_background(64);
            Ok(())
        }

        fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
            let look = || {
                if name == FLUSHED_ALL {
                    self.flushed_all()?;
                }
                self.entry(&*self.inode(parent)?, name)
            };
            self.answer_entry(self.request("lookup", About::Name(name), look), reply);
        }

        fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
            match self.request("getattr", About::File(ino), || Ok(attributes(ino.0, &sys::fstat(&*self.inode(ino)?)?)))
            {
                Ok(attributes) => reply.attr(&self.hold, &attributes),
                Err(error) => reply.error(error),
            }
        }

        fn setattr(
            &self,
            _: &Request,
            ino: INodeNo,
            mode: Option<u32>,
            uid: Option<u32>,
            gid: Option<u32>,
            size: Option<u64>,
            atime: Option<TimeOrNow>,
            mtime: Option<TimeOrNow>,
            _: Option<SystemTime>,
            fh: Option<FileHandle>,
            _: Option<SystemTime>,
            _: Option<SystemTime>,
            _: Option<SystemTime>,
            _: Option<BsdFileFlags>,
            reply: ReplyAttr,
        ) {
            let set = || {
                let inode = self.inode(ino)?;
                if let Some(mode) = mode {
                    let call = || Ok(sys::chmod(path_of(&inode), Mode::from_raw_mode(mode))?);
                    self.change(call, |()| Ok(json!({"mode": ino.0, "bits": mode & 0o7777})))?;
                }
                if uid.is_some() || gid.is_some() {
                    let (uid, gid) = (uid.map(sys::Uid::from_raw), gid.map(sys::Gid::from_raw));
                    sys::chownat(&*inode, "", uid, gid, AtFlags::EMPTY_PATH)?;
                }
                if let Some(size) = size {
                    self.grown(ino, || match fh {
                        Some(fh) => self.with_file(fh, |file| file.set_len(size)),
                        None => File::options().write(true).open(path_of(&inode))?.set_len(size),
                    })?;
                }
                let at = |time: Option<TimeOrNow>| {
                    let (tv_sec, tv_nsec) = match time {
                        None => (0, sys::UTIME_OMIT),
                        Some(TimeOrNow::Now) => (0, sys::UTIME_NOW),
                        Some(TimeOrNow::SpecificTime(time)) => {
                            let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
                            (since.as_secs() as i64, since.subsec_nanos().into())
                        }
                    };
                    sys::Timespec { tv_sec, tv_nsec }
                };
                if atime.is_some() || mtime.is_some() {
                    let times = sys::Timestamps { last_access: at(atime), last_modification: at(mtime) };
                    let call = || Ok(sys::utimensat(sys::CWD, path_of(&inode), &times, AtFlags::empty())?);
                    self.change(call, |()| {
                        let stat = sys::fstat(&*inode)?;
                        Ok(json!({"time": ino.0, "seconds": stat.st_mtime, "nanoseconds": stat.st_mtime_nsec}))
                    })?;
                }
                Ok(attributes(ino.0, &sys::fstat(&*inode)?))
            };
            match self.request("setattr", About::File(ino), set) {
                Ok(attributes) => reply.attr(&self.hold, &attributes),
                Err(error) => reply.error(error),
            }
        }

        fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
            match self
                .request("readlink", About::File(ino), || Ok(sys::readlinkat(&*self.inode(ino)?, "", Vec::new())?))
            {
                Ok(target) => reply.data(target.as_bytes()),
                Err(error) => reply.error(error),
            }
        }

        fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, umask: u32, reply: ReplyEntry) {
            let made = self.request("mkdir", About::Name(name), || {
                let folder = self.inode(parent)?;
                let mode = mode & !umask;
                let make = || {
                    sys::mkdirat(&*folder, name, Mode::from_raw_mode(mode))?;
                    self.entry(&folder, name)
                };
                self.change(make, |made| {
                    Ok(json!({"folder": made.ino.0, "in": parent.0, "name": name.to_str(), "bits": mode & 0o7777}))
                })
            });
            self.answer_entry(made, reply);
        }

        fn symlink(&self, _: &Request, parent: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
            let made = self.request("symlink", About::Name(name), || {
                let parent = self.inode(parent)?;
                sys::symlinkat(target, &*parent, name)?;
                self.entry(&parent, name)
            });
            self.answer_entry(made, reply);
        }

        fn link(&self, _: &Request, ino: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
            let made = self.request("link", About::Name(name), || {
                let (inode, folder) = (self.inode(ino)?, self.inode(parent)?);
                let link = || {
                    sys::linkat(sys::CWD, path_of(&inode), &*folder, name, AtFlags::SYMLINK_FOLLOW)?;
                    self.entry(&folder, name)
                };
                self.change(link, |_| Ok(json!({"link": ino.0, "in": parent.0, "name": name.to_str()})))
            });
            self.answer_entry(made, reply);
        }

        fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
            let done = || Ok(sys::unlinkat(&*self.inode(parent)?, name, AtFlags::empty())?);
            let gone = |(): &()| Ok(json!({"gone": name.to_str(), "in": parent.0}));
            answer(self.request("unlink", About::Name(name), || self.change(done, gone)), reply);
        }

        fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
            let done = || Ok(sys::unlinkat(&*self.inode(parent)?, name, AtFlags::REMOVEDIR)?);
            let gone = |(): &()| Ok(json!({"gone": name.to_str(), "in": parent.0}));
            answer(self.request("rmdir", About::Name(name), || self.change(done, gone)), reply);
        }

        fn rename(
            &self,
            _: &Request,
            parent: INodeNo,
            name: &OsStr,
            new_parent: INodeNo,
            new_name: &OsStr,
            flags: RenameFlags,
            reply: ReplyEmpty,
        ) {
            let done = || {
                let flags = sys::RenameFlags::from_bits_retain(flags.bits());
                Ok(sys::renameat_with(&*self.inode(parent)?, name, &*self.inode(new_parent)?, new_name, flags)?)
            };
            let renamed = |(): &()| {
                let (name, new_name) = (name.to_str(), new_name.to_str());
                Ok(json!({"rename": name, "in": parent.0, "to": new_name, "to_in": new_parent.0}))
            };
            answer(self.request("rename", About::Name(name), || self.change(done, renamed)), reply);
        }

        fn open(&self, _: &Request, ino: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
            let opened = self.request("open", About::File(ino), || {
                let flags = OFlags::from_bits_retain(flags.0 as u32) - OFlags::NOFOLLOW;
                Ok(self.keep(Open::File(sys::open(path_of(&*self.inode(ino)?), flags, Mode::empty())?.into())))
            });
            match opened {
                Ok(handle) => reply.opened(handle, self.how_opened()),
                Err(error) => reply.error(error),
            }
        }

        fn create(
            &self,
            _: &Request,
            parent: INodeNo,
            name: &OsStr,
            mode: u32,
            umask: u32,
            flags: i32,
            reply: ReplyCreate,
        ) {
            let made = self.request("create", About::Name(name), || {
                let folder = self.inode(parent)?;
                let flags = OFlags::from_bits_retain(flags as u32) | OFlags::CREATE;
                let mode = mode & !umask;
                let make = || {
                    let file = sys::openat(&*folder, name, flags, Mode::from_raw_mode(mode))?;
                    Ok((self.entry(&folder, name)?, file))
                };
                let made = |(made, _): &(FileAttr, OwnedFd)| {
                    Ok(json!({"file": made.ino.0, "in": parent.0, "name": name.to_str(), "bits": mode & 0o7777}))
                };
                let (entry, file) = self.change(make, made)?;
                Ok((entry, self.keep(Open::File(file.into()))))
            });
            match made {
                Ok((entry, handle)) => reply.created(&self.hold, &entry, Generation(0), handle, self.how_opened()),
                Err(error) => reply.error(error),
            }
        }

        fn read(
            &self,
            _: &Request,
            ino: INodeNo,
            fh: FileHandle,
            offset: u64,
            size: u32,
            _: OpenFlags,
            _: Option<LockOwner>,
            reply: ReplyData,
        ) {
            let wanted = if self.is_short { size.div_ceil(3) } else { size } as usize;
            let read = self.request("read", About::File(ino), || {
                let mut bytes = vec![0; wanted];
                let mut length = 0;
                self.with_file(fh, |file| {
                    while length < wanted {
                        match file.read_at(&mut bytes[length..], offset + length as u64)? {
                            0 => break,
                            more => length += more,
                        }
                    }
                    Ok(())
                })?;
                bytes.truncate(length);
                Ok(bytes)
            });
            match read {
                Ok(bytes) => reply.data(&bytes),
                Err(error) => reply.error(error),
            }
        }

        fn write(
            &self,
            _: &Request,
            ino: INodeNo,
            fh: FileHandle,
            offset: u64,
            data: &[u8],
            _: WriteFlags,
            _: OpenFlags,
            _: Option<LockOwner>,
            reply: ReplyWrite,
        ) {
            let write = || self.with_file(fh, |file| file.write_all_at(data, offset));
            match self.request("write", About::File(ino), || self.grown(ino, write)) {
                Ok(()) => reply.written(data.len() as u32),
                Err(error) => reply.error(error),
            }
        }

        fn copy_file_range(
            &self,
            _: &Request,
            _: INodeNo,
            fh_in: FileHandle,
            mut offset_in: u64,
            ino_out: INodeNo,
            fh_out: FileHandle,
            mut offset_out: u64,
            length: u64,
            _: CopyFileRangeFlags,
            reply: ReplyWrite,
        ) {
            let mut copy = || {
                self.with_file(fh_in, |from| {
                    self.with_file(fh_out, |to| {
                        let length = usize::try_from(length).unwrap_or(usize::MAX).min(1 << 30);
                        let (from, to) = (from.as_fd(), to.as_fd());
                        Ok(sys::copy_file_range(from, Some(&mut offset_in), to, Some(&mut offset_out), length)?)
                    })
                })
            };
            match self.request("copy_file_range", About::File(ino_out), || self.grown(ino_out, &mut copy)) {
                Ok(length) => reply.written(length as u32),
                Err(error) => reply.error(error),
            }
        }

        fn release(
            &self,
            _: &Request,
            ino: INodeNo,
            fh: FileHandle,
            _: OpenFlags,
            _: Option<LockOwner>,
            _: bool,
            reply: ReplyEmpty,
        ) {
            answer(self.request("release", About::File(ino), || self.close(fh)), reply);
        }

        fn fsync(&self, _: &Request, ino: INodeNo, fh: FileHandle, _: bool, reply: ReplyEmpty) {
            let content = |(): &()| Ok(json!({"flush": ino.0, "content": std::fs::read(path_of(&*self.inode(ino)?))?}));
            let flush = || self.with_file(fh, File::sync_all);
            answer(self.request("fsync", About::File(ino), || self.change(flush, content)), reply);
        }

        fn opendir(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
            let opened = self.request("opendir", About::File(ino), || {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY;
                let folder = sys::openat(&*self.inode(ino)?, ".", flags, Mode::empty())?;
                let entries: Result<Vec<_>, _> = sys::Dir::new(folder)?
                    .map(|entry| {
                        let entry = entry?;
                        let name = OsString::from_vec(entry.file_name().to_bytes().to_vec());
                        Ok::<_, io::Error>((name, entry.ino(), kind(entry.file_type())))
                    })
                    .collect();
                Ok(self.keep(Open::Folder(entries?)))
            });
            match opened {
                Ok(handle) => reply.opened(handle, FopenFlags::empty()),
                Err(error) => reply.error(error),
            }
        }

        fn readdir(&self, _: &Request, ino: INodeNo, fh: FileHandle, offset: u64, mut reply: ReplyDirectory) {
            match self.request("readdir", About::File(ino), || self.listed(fh, offset)) {
                Ok(entries) => {
                    let mut entries = entries.into_iter();
                    while entries
                        .next()
                        .is_some_and(|(next, name, ino, kind)| !reply.add(INodeNo(ino), next, kind, name))
                    {
                    }
                    reply.ok();
                }
                Err(error) => reply.error(error),
            }
        }

        fn readdirplus(&self, _: &Request, ino: INodeNo, fh: FileHandle, offset: u64, mut reply: ReplyDirectoryPlus) {
            let listed = self.request("readdirplus", About::File(ino), || {
                let folder = self.inode(ino)?;
                let own = attributes(ino.0, &sys::fstat(&*folder)?);
                Ok((folder, own, self.listed(fh, offset)?))
            });
            let (folder, own, entries) = match listed {
                Ok(listed) => listed,
                Err(error) => return reply.error(error),
            };
            for (next, name, ..) in entries {
                let is_dots = name == "." || name == "..";
                // What has gone since it was listed is left out.
                let Ok(entry) = (if is_dots { Ok(own) } else { self.entry(&folder, &name) }) else { continue };
                if reply.add(entry.ino, next, name, &self.hold, &entry, Generation(0)) {
                    break;
                }
            }
            reply.ok();
        }

        fn releasedir(&self, _: &Request, ino: INodeNo, fh: FileHandle, _: OpenFlags, reply: ReplyEmpty) {
            answer(self.request("releasedir", About::File(ino), || self.close(fh)), reply);
        }

        fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
            let flush = || File::open(path_of(&*self.inode(ino)?))?.sync_all();
            answer(
                self.request("fsyncdir", About::File(ino), || {
                    self.change(flush, |()| Ok(json!({"flush_folder": ino.0})))
                }),
                reply,
            );
        }

        fn statfs(&self, _: &Request, ino: INodeNo, reply: ReplyStatfs) {
            match self.request("statfs", About::File(ino), || Ok(sys::statvfs(path_of(&*self.inode(ino)?))?)) {
                Ok(of) => reply.statfs(
                    of.f_blocks,
                    of.f_bfree,
                    of.f_bavail,
                    of.f_files,
                    of.f_ffree,
                    of.f_bsize as u32,
                    of.f_namemax as u32,
                    of.f_frsize as u32,
                ),
                Err(error) => reply.error(error),
            }
        }
    }

    pub(crate) fn run() -> Result<(), Box<dyn std::error::Error>> {
        let usage = "usage: latency_fs FOLDER MOUNTPOINT [--delay MICROSECONDS] [--hold SECONDS] [--bare] \
                     [--in-flight N] [--short] [--record FILE] [--trace FILE]";
        let (mut record, mut trace) = (None, None);
        let (mut delay, mut hold, mut in_flight, mut is_bare, mut is_short) = (1000, 1, 64, false, false);
        let mut places = Vec::new();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().and_then(|number| number.parse::<u64>().ok()).ok_or(usage);
            match argument.as_str() {
                "--delay" => delay = number()?,
                "--hold" => hold = number()?,
                "--in-flight" => in_flight = number()?.max(1),
                "--bare" => is_bare = true,
                "--short" => is_short = true,
                "--record" => record = Some(Mutex::new(File::create(arguments.next().ok_or(usage)?)?)),
                "--trace" => trace = Some(Mutex::new(File::create(arguments.next().ok_or(usage)?)?)),
                _ => places.push(argument),
            }
        }
        let [folder, mountpoint] = &places[..] else { return Err(usage.into()) };
        // Every file that was met stays open.
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        let all = rustix::process::Rlimit { current: limit.maximum, ..limit };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, all)?;
        let root = sys::open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let (counts, failing) = (Mutex::default(), AtomicI32::new(0));
        let meter =
            Arc::new(Meter { delay: AtomicU64::new(delay), delay_of_reads: AtomicU64::new(0), failing, counts });
        let files = Latency {
            meter: meter.clone(),
            hold: Duration::from_secs(if is_bare { 0 } else { hold }),
            is_bare,
            is_short,
            inodes: Mutex::new(HashMap::from([(1, Arc::new(root))])),
            open: Mutex::default(),
            next: AtomicU64::new(1),
            record,
            trace,
        };
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("latency".into()), MountOption::DefaultPermissions];
        config.n_threads = Some(in_flight as usize);
        let session = spawn_mount(files, mountpoint, &config)?;
        println!("ready");
        for line in io::stdin().lock().lines() {
            let line = line?;
            match line.split_once(' ').unwrap_or((&line, "")) {
                ("count", _) => {
                    let counts = std::mem::take(&mut *meter.counts.lock().unwrap());
                    let all = counts.iter().filter(|(_, count)| count.all > 0);
                    let all = all.map(|(kind, count)| format!("{kind} {}", count.all));
                    let at_once = counts.get("read").map(|count| format!("reads_at_once {}", count.most_at_once));
                    let kinds: Vec<String> = all.chain(at_once).collect();
                    println!("{} {}", counts.values().map(|count| count.all).sum::<u64>(), kinds.join(", "));
                }
                ("delay", number) => meter.delay.store(number.parse()?, Relaxed),
                ("delay_reads", number) => meter.delay_of_reads.store(number.parse()?, Relaxed),
                ("fail", number) => meter.failing.store(number.parse()?, Relaxed),
                _ => return Err(format!("there is no such order: {line}").into()),
            }
        }
        Ok(session.umount_and_join()?)
    }
}

#[cfg(target_os = "linux")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    linux::run()
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    Err("this takes FUSE, which Linux has".into())
}
