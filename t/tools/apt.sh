# Functions for the scripts beside this file: Debian packages which the
# machine's own configuration of apt does not offer, without changing it.
# shellcheck shell=bash


# The lists of packages have been read within the last day.

apt_lists_are_recent() {
    [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*Packages*' -mtime -1 \
                 -print -quit 2>/dev/null)" ]
}


# apt_has_package name: the machine's own sources offer this package.

apt_has_package() {
    [ -n "$(apt-cache show --no-all-versions "$1" 2>/dev/null)" ]
}


# apt_mirror: the mirror of Debian which the machine's own packages come from.

apt_mirror() {
    local codename

    codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")

    apt-get indextargets --no-release-info \
            --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
            'Created-By: Packages' \
        | sed -n "s/ $codename main\$//p" | sort -u | sed -n 1p \
        | grep . || {
            echo "$0: apt has no source of Debian $codename" >&2
            return 1
        }
}


# apt_private dir line...: makes a private configuration of apt in dir. Each
# line is "deb suite" or "deb-src suite"; "deb-src" alone means the machine's
# own suites. The mirrors are those of the machine's configuration, whether it
# is written in the one-line or in the deb822 format.

apt_private() {
    local dir=$1 codename keyring line targets type suite uri release

    shift

    codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg

    if [ "$(. /etc/os-release && echo "$ID")" != debian ] \
       || [ ! -e "$keyring" ]
    then
        echo "$0: this needs Debian and its archive keyring" >&2
        return 1
    fi

    mkdir -p "$dir/parts" "$dir/lists/partial" "$dir/cache/archives/partial"
    chmod 755 "$dir"
    : > "$dir/sources.list"

    targets=$(apt-get indextargets --no-release-info \
                  --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
                  'Created-By: Packages' \
              | sort -u | sed -n "s/ \(${codename}[^ ]*\) main\$/ \1/p")

    if [ -z "$targets" ]; then
        echo "$0: apt has no source of Debian $codename" >&2
        return 1
    fi

    for line in "$@"; do
        type=${line%% *}
        suite=${line#"$type"}
        suite=${suite# }

        while read -r uri release; do
            if [ -z "$suite" ]; then
                echo "$type [signed-by=$keyring] $uri $release main"

            elif [ "$release" = "$codename" ]; then
                echo "$type [signed-by=$keyring] $uri $suite main"
            fi
        done <<<"$targets" >> "$dir/sources.list"
    done
}


# apt_private_get dir argument...: apt-get with that configuration.

apt_private_get() {
    local dir=$1

    shift

    apt-get -q -o "Dir::Etc::SourceList=$dir/sources.list" \
            -o "Dir::Etc::SourceParts=$dir/parts" \
            -o "Dir::Etc::PreferencesParts=$dir/parts" \
            -o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache" \
            -o Acquire::Languages=none -o APT::Sandbox::User=root \
            "$@" </dev/null
}
