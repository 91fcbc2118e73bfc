//! How much of its memory, processors and disks a computer uses, and whether it is a virtual machine: seen on this
//! computer, on Windows and Linux. What the system does not tell is not known.

use serde::Serialize;

/// What could be seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub(crate) struct Resources {
    /// The memory of the computer, in bytes.
    pub memory_total: Option<u64>,
    /// What of it programs can have.
    pub memory_free: Option<u64>,
    /// How many programs want to run, for each processor: on Linux the load of the last five minutes, on Windows the share of
    /// time that processors are busy, and the queue before them.
    pub processor_load: Option<f64>,
    /// How many requests wait for a disk, for each disk (Windows).
    pub disk_queue: Option<f64>,
    /// In how much of the last minute a program waited for a disk, in percent (Linux).
    pub disk_stall_percent: Option<f64>,
    /// What the computer's maker calls it, where that is a virtual machine; `Some("")` where it is none.
    pub virtual_machine: Option<String>,
    /// How much of its time the host gave to others, in percent, since the start (Linux).
    pub stolen_percent: Option<f64>,
}

/// What virtual machines call themselves (our choice).
const VIRTUAL: [&str; 11] = [
    "vmware",
    "virtual machine",
    "virtualbox",
    "kvm",
    "qemu",
    "xen",
    "hvm domu",
    "parallels",
    "bochs",
    "google compute",
    "amazon ec2",
];

/// The maker and the product, if they are those of a virtual machine; empty if not.
#[cfg(any(windows, target_os = "linux", test))]
fn virtual_machine(maker: &str, product: &str) -> String {
    let name = format!("{} {}", maker.trim(), product.trim()).trim().to_owned();
    let folded = name.to_lowercase();
    if VIRTUAL.iter().any(|word| folded.contains(word)) { name } else { String::new() }
}

/// What Linux tells, from the texts of its files; each `None` where it cannot be read.
#[cfg(any(target_os = "linux", test))]
mod linux {
    use super::{Resources, virtual_machine};

    /// Texts of files below `/proc` and `/sys`.
    #[derive(Default)]
    pub(super) struct Texts {
        pub memory: Option<String>,
        pub load: Option<String>,
        pub stall: Option<String>,
        pub time: Option<String>,
        pub maker: Option<String>,
        pub product: Option<String>,
    }

    pub(super) fn resources(texts: &Texts, processors: usize) -> Resources {
        let kib = |name: &str| {
            let line = texts.memory.as_deref()?.lines().find_map(|line| line.strip_prefix(name))?;
            Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
        };
        let load = texts.load.as_deref().and_then(|text| text.split_whitespace().nth(1)?.parse::<f64>().ok());
        let stall = texts.stall.as_deref().and_then(|text| {
            let some = text.lines().find(|line| line.starts_with("some "))?;
            some.split_whitespace().find_map(|part| part.strip_prefix("avg60="))?.parse().ok()
        });
        let stolen = texts.time.as_deref().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
            let times: Vec<u64> = line.split_whitespace().map_while(|time| time.parse().ok()).collect();
            let all: u64 = times.iter().take(8).sum();
            (times.len() >= 8 && all > 0).then(|| times[7] as f64 * 100.0 / all as f64)
        });
        let machine = (texts.maker.is_some() || texts.product.is_some()).then(|| {
            virtual_machine(texts.maker.as_deref().unwrap_or_default(), texts.product.as_deref().unwrap_or_default())
        });
        Resources {
            memory_total: kib("MemTotal:"),
            memory_free: kib("MemAvailable:"),
            processor_load: load.map(|load| load / processors.max(1) as f64),
            disk_queue: None,
            disk_stall_percent: stall,
            virtual_machine: machine,
            stolen_percent: stolen,
        }
    }
}

/// What this computer uses now. On Windows that takes a second.
#[cfg(target_os = "linux")]
pub(crate) fn resources() -> Resources {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let texts = linux::Texts {
        memory: read("/proc/meminfo"),
        load: read("/proc/loadavg"),
        stall: read("/proc/pressure/io"),
        time: read("/proc/stat"),
        maker: read("/sys/class/dmi/id/sys_vendor"),
        product: read("/sys/class/dmi/id/product_name"),
    };
    linux::resources(&texts, crate::base::pool::processors())
}

/// What this computer uses now. On Windows that takes a second.
#[cfg(windows)]
pub(crate) fn resources() -> Resources {
    use super::live::{self, Wow};

    let key = r"HKLM\HARDWARE\DESCRIPTION\System\BIOS".parse().expect("it is a key");
    let values = live::read(&key, Wow::View64, &["SystemManufacturer", "SystemProductName"]).ok().flatten();
    let machine = values.map(|values| {
        let text = |name: &str| {
            values
                .iter()
                .find(|(this, _)| this == name)
                .and_then(|(_, value)| value.text())
                .unwrap_or_default()
                .to_owned()
        };
        virtual_machine(&text("SystemManufacturer"), &text("SystemProductName"))
    });
    let (memory_total, memory_free) = super::windows::memory().unzip();
    let counters = super::windows::counters();
    Resources {
        memory_total,
        memory_free,
        processor_load: counters.map(|(busy, _)| busy),
        disk_queue: counters.map(|(_, queue)| queue),
        disk_stall_percent: None,
        virtual_machine: machine,
        stolen_percent: None,
    }
}

/// Nothing is known of other systems.
#[cfg(not(any(windows, target_os = "linux")))]
pub(crate) fn resources() -> Resources {
    Resources::default()
}

#[cfg(test)]
mod tests {
    use super::linux::{Texts, resources};
    use super::virtual_machine;

    #[test]
    fn what_linux_tells() {
        let texts = Texts {
            memory: Some(
                "MemTotal:       16384000 kB\nMemFree:          100000 kB\nMemAvailable:    1024000 kB\n".into(),
            ),
            load: Some("0.50 6.00 7.25 3/456 7890\n".into()),
            stall: Some(
                "some avg10=0.00 avg60=31.50 avg300=2.00 total=12\nfull avg10=0.00 avg60=1.00 avg300=0.00 total=3\n"
                    .into(),
            ),
            time: Some("cpu  700 0 100 100 0 0 0 100 0 0\ncpu0 1 2 3\n".into()),
            maker: Some("VMware, Inc.\n".into()),
            product: Some("VMware Virtual Platform\n".into()),
        };
        let seen = resources(&texts, 4);
        assert_eq!((seen.memory_total, seen.memory_free), (Some(16_384_000 << 10), Some(1_024_000 << 10)));
        assert_eq!((seen.processor_load, seen.disk_stall_percent), (Some(1.5), Some(31.5)));
        assert_eq!(seen.stolen_percent, Some(10.0));
        assert_eq!(seen.virtual_machine.as_deref(), Some("VMware, Inc. VMware Virtual Platform"));
        let nothing = resources(&Texts { load: Some("x".into()), time: Some("cpu 1 2".into()), ..Texts::default() }, 0);
        assert_eq!((nothing.memory_total, nothing.processor_load, nothing.stolen_percent), (None, None, None));
        assert_eq!(nothing.virtual_machine, None);
        assert_eq!(virtual_machine("Dell Inc.", "PowerEdge R710"), "");
    }
}
