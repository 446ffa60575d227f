//! The machine that carries runs out.

use std::sync::OnceLock;

use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// What kind of machine it is; what is unknown is empty or 0.
pub(super) struct Machine {
    pub(super) host: String,
    pub(super) os: String,
    pub(super) kernel: String,
    pub(super) cpu: String,
    pub(super) n_cpus: u64,
    /// Bytes.
    pub(super) memory: u64,
}

impl Machine {
    /// Looked at once for each process.
    pub(super) fn here() -> &'static Self {
        static HERE: OnceLock<Machine> = OnceLock::new();
        HERE.get_or_init(|| {
            let what = RefreshKind::nothing()
                .with_cpu(CpuRefreshKind::nothing())
                .with_memory(MemoryRefreshKind::nothing().with_ram());
            let system = System::new_with_specifics(what).ok();
            let cpus = system.as_ref().map(System::cpus).unwrap_or_default();
            Self {
                host: System::host_name().unwrap_or_default(),
                os: System::long_os_version().unwrap_or_else(|_| std::env::consts::OS.into()),
                kernel: System::kernel_version().unwrap_or_default(),
                cpu: cpus.first().map(|cpu| cpu.brand().trim().to_owned()).unwrap_or_default(),
                n_cpus: cpus.len() as u64,
                memory: system.as_ref().map_or(0, System::total_memory),
            }
        })
    }
}
