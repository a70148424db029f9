# shellcheck shell=bash
# shellcheck disable=SC2154 # their owner sets them
# The parts of scripts/vm, for scripts/fetch-test-parts, which sources this and whose variables and functions it uses.

vm_disk=8G # sparse

make_vm_kernel() {
    local package version
    apt_of "$1/.apt" "$suite"
    package=$(apt-cache "${apt_options[@]}" depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')
    unpack "$package" "$1"
    rm -rf "$1/.apt"
    version=$(ls "$1/lib/modules")
    depmod -b "$1" "$version"
    mv "$1/boot/vmlinuz-$version" "$1/vmlinuz"
}

# make_vm FOLDER ANYTHING: the kernel's first root, and the disk: the root of scripts/machine with the kernel's modules.
make_vm() {
    local folder=$1 kernel=$parts/vm-kernel root=$1/root
    make_initrd "$folder/initrd" "$folder/files" "$kernel" "$(ls "$kernel/lib/modules")"
    rm -rf "$folder/files"
    cp -a "$parts/base" "$root"
    mkdir "$root/usr/lib/modules"
    cp -a "$kernel"/lib/modules/* "$root/usr/lib/modules/"
    cp -a "$kernel"/boot/config-* "$root/boot/" # what the kernel can do, where it does not tell itself
    mke2fs -q -F -t ext4 -d "$root" "$folder/root.img" $vm_disk >/dev/null
    rm -rf "$root"
}

# make_initrd FILE FOLDER KERNEL VERSION: mounts the first disk, copies the second over it, and starts systemd.
make_initrd() {
    local files=$2 module applet
    mkdir -p "$files"/{bin,dev,proc,sys,modules,new,added}
    cp /bin/busybox "$files/bin/"
    for applet in sh mount umount insmod switch_root cat cp sleep poweroff; do
        ln -s busybox "$files/bin/$applet"
    done
    for module in virtio_pci virtio_blk virtio_rng overlay; do
        modprobe --set-version "$4" --dirname "$3" --show-depends $module
    done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r module; do
        cp "$module" "$files/modules/"
        basename "$module" >>"$files/modules/order"
    done
    cat >"$files/init" <<'INIT'
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do insmod /modules/$module; done
tries=0
while [ ! -b /dev/vda ] || [ ! -b /dev/vdb ]; do
    [ $tries -lt 300 ] || poweroff -f
    sleep 0.1
    tries=$((tries + 1))
done
mount -t ext4 -o noatime,noinit_itable /dev/vda /new && mount -t ext4 -o ro /dev/vdb /added || poweroff -f
cp -a /added/. /new/
umount /added
exec switch_root /new /sbin/init
INIT
    chmod 755 "$files/init"
    (cd "$files" && find . | cpio --quiet -o -H newc | gzip -1) >"$1"
}
