use std::{
    error::Error as _,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use launcher::{Error, Server};

use crate::support::{answers, binaries, lives, server_pid};

#[test]
fn a_started_server_answers_on_its_port_and_its_socket() {
    let server = Server::builder(&binaries()).start().unwrap();
    assert!(answers(server.port()));
    assert!(
        server
            .socket_dir()
            .join(format!(".s.PGSQL.{}", server.port()))
            .exists()
    );
    assert_eq!(
        server.url("a b"),
        format!("postgres://postgres@127.0.0.1:{}/a%20b", server.port())
    );
    assert_eq!(server.pid(), server_pid(server.data_dir()));
}

#[test]
fn two_servers_run_side_by_side() {
    let binaries = binaries();
    let one = Server::builder(&binaries).start().unwrap();
    let two = Server::builder(&binaries).start().unwrap();
    assert_ne!(one.port(), two.port());
    assert_ne!(one.data_dir(), two.data_dir());
    assert!(answers(one.port()) && answers(two.port()));
}

#[test]
fn a_dropped_server_leaves_neither_a_process_nor_a_directory() {
    let server = Server::builder(&binaries()).start().unwrap();
    let (pid, port, run) = (
        server.pid(),
        server.port(),
        server.socket_dir().to_path_buf(),
    );
    assert!(lives(pid) && run.exists());
    drop(server);
    assert!(!lives(pid));
    assert!(!answers(port));
    assert!(!run.exists());
}

#[test]
fn a_server_started_by_a_thread_outlives_the_thread() {
    let server = std::thread::spawn(|| Server::builder(&binaries()).start().unwrap())
        .join()
        .unwrap();
    assert!(answers(server.port()));
}

#[test]
fn the_server_never_runs_as_root() {
    let server = Server::builder(&binaries()).start().unwrap();
    let status = server.data_dir().join("postmaster.pid");
    assert_ne!(fs::metadata(status).unwrap().uid(), 0);
}

#[test]
fn settings_reach_the_server_and_the_last_one_wins() {
    let server = Server::builder(&binaries())
        .for_tests()
        .setting("max_connections", "17")
        .setting("fsync", "on")
        .start()
        .unwrap();
    let options = fs::read_to_string(server.data_dir().join("postmaster.opts")).unwrap();
    let last = |name: &str| options.rfind(name).map(|at| &options[at..]).unwrap();
    assert!(
        last("max_connections").starts_with("max_connections=17"),
        "{options}"
    );
    assert!(last("fsync").starts_with("fsync=on"), "{options}");
    assert!(
        options.contains("max_prepared_transactions=16"),
        "{options}"
    );
}

#[test]
fn durability_follows_the_directory_unless_chosen() {
    let home = tempfile::tempdir().unwrap();
    open_to_everyone(home.path());
    let is_durable = |server: &Server| {
        let options = fs::read_to_string(server.data_dir().join("postmaster.opts")).unwrap();
        !options.contains("fsync=off")
    };
    let binaries = binaries();
    assert!(!is_durable(&Server::builder(&binaries).start().unwrap()));
    assert!(is_durable(
        &Server::builder(&binaries).durable(true).start().unwrap()
    ));
    let builder = Server::builder(&binaries).data_dir(home.path());
    assert!(is_durable(&builder.clone().start().unwrap()));
    assert!(!is_durable(&builder.durable(false).start().unwrap()));
}

#[test]
fn a_data_directory_keeps_its_cluster_and_its_log() {
    let home = tempfile::tempdir().unwrap();
    open_to_everyone(home.path());
    let builder = Server::builder(&binaries()).data_dir(home.path());
    let first = builder.clone().start().unwrap();
    let (data, run) = (
        first.data_dir().to_path_buf(),
        first.socket_dir().to_path_buf(),
    );
    // A new cluster would have a new identifier here.
    let control = data.join("global/pg_control");
    let identifier = || fs::read(&control).unwrap()[..8].to_vec();
    let before = identifier();
    drop(first);
    assert!(!run.exists());
    assert!(
        !data.join("postmaster.pid").exists(),
        "the server was not shut down"
    );

    let second = builder.start().unwrap();
    assert!(answers(second.port()));
    assert_eq!(identifier(), before);
    let log = fs::read_to_string(second.log_path()).unwrap();
    assert!(log.contains("database system was shut down at"), "{log}");
}

#[test]
fn a_directory_in_use_is_refused_with_the_words_of_the_server() {
    let home = tempfile::tempdir().unwrap();
    open_to_everyone(home.path());
    let builder = Server::builder(&binaries()).data_dir(home.path());
    let first = builder.clone().start().unwrap();
    let err = builder.start().unwrap_err().to_string();
    assert!(err.contains("it ended early"), "{err}");
    assert!(
        err.contains("lock file \"postmaster.pid\" already exists"),
        "{err}"
    );
    assert!(answers(first.port()));
}

#[test]
fn a_directory_with_other_files_is_refused_with_the_words_of_initdb() {
    let home = tempfile::tempdir().unwrap();
    open_to_everyone(home.path());
    fs::create_dir(home.path().join("data")).unwrap();
    fs::write(home.path().join("data/letter.txt"), "not a cluster").unwrap();
    let err = Server::builder(&binaries())
        .data_dir(home.path())
        .start()
        .unwrap_err();
    assert!(matches!(err, Error::Start { .. }));
    let err = err.to_string();
    assert!(err.contains("no cluster could be made"), "{err}");
    assert!(err.contains("exists but is not empty"), "{err}");
    assert!(home.path().join("data/letter.txt").exists());
}

#[test]
fn a_cluster_of_another_version_is_refused_with_the_words_of_the_server() {
    let home = tempfile::tempdir().unwrap();
    open_to_everyone(home.path());
    let builder = Server::builder(&binaries()).data_dir(home.path());
    drop(builder.clone().start().unwrap());
    fs::write(home.path().join("data/PG_VERSION"), "11\n").unwrap();
    let err = builder.start().unwrap_err().to_string();
    assert!(err.contains("incompatible with server"), "{err}");
}

#[test]
fn an_unknown_setting_is_named() {
    let err = Server::builder(&binaries())
        .setting("no_such_setting", "1")
        .start()
        .unwrap_err();
    assert!(err.source().is_none());
    assert!(err.to_string().contains("no_such_setting"), "{err}");
}

/// Lets the account the server runs under enter the directory.
fn open_to_everyone(directory: &Path) {
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
}
