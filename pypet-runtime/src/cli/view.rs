//! `view`: a trajectory in the browser.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::{Done, Failure, file_arguments};

pub(super) fn command() -> Command {
    Command::new("view")
        .about("Shows a trajectory in the browser, and follows its study; Ctrl-C ends it")
        .args(file_arguments())
        .arg(
            Arg::new("port")
                .long("port")
                .value_name("N")
                .value_parser(value_parser!(u16))
                .help("where to listen on 127.0.0.1; a free port by default"),
        )
        .arg(Arg::new("open").long("open").action(ArgAction::SetTrue).help("opens the page in the browser"))
        .after_help("the page only reads; the token in its address keeps other users of this machine out")
}

#[cfg(not(feature = "view"))]
pub(super) fn run(_: &ArgMatches) -> Done {
    Err(Failure::Usage("this program has no page to show; build it with pypet's feature `view`".into()))
}

#[cfg(feature = "view")]
pub(super) fn run(matches: &ArgMatches) -> Done {
    use super::{file_of, output};
    use crate::view::Server;

    let trajectory = matches.get_one::<String>("trajectory").map(String::as_str);
    let end = ending()?;
    let server = Server::bind(file_of(matches), trajectory, matches.get_one::<u16>("port").copied())?;
    let url = server.url();
    if output::wants_json(matches) {
        output::print_json(&serde_json::json!({ "url": url, "port": server.port(), "token": server.token() }))?;
    } else {
        output::print(&format!("{url}\n"))?;
        eprintln!("open it in a browser of this machine; Ctrl-C ends it");
    }
    if matches.get_flag("open")
        && let Err(error) = open(&url)
    {
        output::complain(&format!("cannot open a browser: {error}"));
    }
    server.serve_until(end)?;
    Ok(std::process::ExitCode::SUCCESS)
}

/// Ready once the user wants no more.
#[cfg(feature = "view")]
fn ending() -> Result<impl Future<Output = ()>, Failure> {
    use crate::termination::on_termination;

    let (stop, mut stopped) = tokio::sync::mpsc::channel(1);
    let handler = move || {
        let _ = stop.try_send(());
    };
    on_termination(handler).map_err(|error| Failure::Usage(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(async move {
        stopped.recv().await;
    })
}

/// Hands the address to the browser that the user has chosen.
#[cfg(feature = "view")]
fn open(url: &str) -> std::io::Result<()> {
    use std::process::{Command, Stdio};

    let (program, arguments): (&str, &[&str]) = if cfg!(target_os = "macos") {
        ("open", &[])
    } else if cfg!(windows) {
        ("rundll32", &["url.dll,FileProtocolHandler"])
    } else {
        ("xdg-open", &[])
    };
    let mut browser = Command::new(program);
    browser.args(arguments).arg(url).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    browser.spawn().map(drop)
}
