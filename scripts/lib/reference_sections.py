"""What the executables' help doesn't say: variables, files and where to read on. By executable, then "" for both."""

ENVIRONMENT = {
    "": [
        ("NO_COLOR", "Where it is not empty, nothing is coloured."),
        ("TERM", "Where it is `dumb` or missing, progress is plain lines now and then, as it is in a pipe."),
        ("LC_ALL, LC_CTYPE, LANG", "Where they name a locale without UTF-8, what is shortened has three dots in it."),
    ],
    "sealift": [
        ("DOCKER_CONFIG", "The folder of the config.json with the registries' credentials, unless --auth-file is given."),
        ("XDG_CACHE_HOME", "Fetched blobs are kept in its folder `sealift`, unless --cache is given."),
        ("HOME", "In its place: ~/.cache/sealift, and ~/.docker/config.json."),
        ("http_proxy, https_proxy, no_proxy", "How registries are reached."),
    ],
    "sealift-installer": [
        ("KUBECONFIG", "For a bundle without Kubernetes: how to reach the cluster, unless --kubeconfig is given."),
    ],
}

FILES = {
    "sealift": [
        ("bundle.yaml", "A bundle's definition, in its folder."),
        ("images.lock", "What every tag was when it was locked, in the bundle's folder or one above."),
        ("dist/", "Where `build` puts the archive and the installer, unless --output is given."),
        ("~/.cache/sealift", "Blobs that builds share."),
        ("~/.docker/config.json", "The registries' credentials."),
    ],
    "sealift-installer": [
        ("/etc/sealift/trusted.d", "Public keys (*.pub, *.pem); where there are any, a bundle must be signed by one."),
        ("/var/lib/sealift", "The journal, generated values and backups of an installation."),
        ("/etc/k0s/k0s.yaml", "The configuration of the Kubernetes that a bundle brings."),
        ("/usr/local/bin/k0s", "That Kubernetes."),
        ("/run/sealift-installer.lock", "Held by the one command at a time that changes the host."),
    ],
}


def of(table, executable):
    """The rows for an executable: its own, then those for both."""
    return table.get(executable, []) + table.get("", [])
