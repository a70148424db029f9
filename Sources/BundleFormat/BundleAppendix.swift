package import FoundationEssentials
internal import Frames
internal import OCI
package import Signatures
internal import Tarball

/// What stands in an archive behind its blobs: the bill of materials, and in a signed bundle the signature over it.
///
/// A bill tells what is inside layers, so it is known only when the last of them has been read; `index.json`, the second
/// member, can't name its digest. It names the index's digest instead, in its first bytes, and has its own signature.
package struct BundleAppendix: Sendable {
    /// The bill's member: a CycloneDX document in JSON.
    package static let billMember = "sbom.cdx.json"
    /// The member of the signature over it, in the form of `index.json.sig`.
    package static let signatureMember = "sbom.cdx.json.sig"
    /// The most bytes that a bill may have.
    package static let billLimit: Int64 = 64 << 20

    /// The bytes of the bill.
    package let bill: Data
    package let signature: BundleSignature?

    package init(bill: Data, signature: BundleSignature? = nil) {
        self.bill = bill
        self.signature = signature
    }

    /// The same with the signature of `key`, in the place of any other.
    package func signed(by key: PrivateKey) throws(KeyFault) -> BundleAppendix {
        BundleAppendix(bill: bill, signature: try BundleSignature(of: bill, by: key))
    }

    /// The members in their order.
    package var members: [BundleContents.Member] {
        var parts = [(Self.billMember, bill)]
        if let signature { parts.append((Self.signatureMember, signature.encoded)) }
        return parts.map { BundleContents.Member(name: $0, size: Int64($1.count), content: .document($1)) }
    }
}

extension BundleReader {
    /// The bill of materials, read whole; `nil` where the bundle was built without one.
    ///
    /// Throws where it is not there, is another bundle's, or, where the bundle was opened with keys, none of them signed
    /// it.
    package func appendix() throws -> BundleAppendix? {
        let places = try appendixPlaces()
        guard let bill = places.first else { return nil }
        let bytes = try content(of: bill, limit: BundleAppendix.billLimit)
        guard bytes.starts(with: BillOfMaterialsOpening.opening(index: index.descriptor.digest)) else {
            throw fault(bill.name, "does not say that it is about this bundle's index.json")
        }
        guard places.count > 1 else { return BundleAppendix(bill: bytes) }
        let member = try content(of: places[1], limit: BundleSignature.limit)
        guard let signature = BundleSignature(decoding: member) else {
            throw fault(places[1].name, "is not a signature in one line of base64")
        }
        if !keys.isEmpty, keys.first(thatMade: signature.bytes, over: bytes) == nil {
            throw fault(places[1].name, "is of none of the keys that are trusted")
        }
        return BundleAppendix(bill: bytes, signature: signature)
    }

    /// Where the appendix's members are in the tar: none, the bill, or the bill and its signature.
    ///
    /// Their sizes stand in their tar headers alone; that these are as they must be is still to be checked.
    func appendixPlaces() throws -> [TarballMember] {
        let names = appendixNames
        guard !names.isEmpty else { return [] }
        let start = contents.tarSize - Int64(TarHeader.trailerSize)
        let tar: TarballReader
        do {
            tar = try TarballReader(FrameSource(file, from: start))
        } catch let error as TarballError {
            throw fault(names[0], "can't be found: \(error)")
        }
        return try names.map { name in
            guard var member = try tar.nextMember(of: path) else { throw fault(name, "is missing") }
            guard member.name == name else { throw fault(name, "is missing: '\(member.name)' stands in its place") }
            member.headerOffset += start
            member.dataOffset += start
            return member
        }
    }

    /// The names of the members that the bundle must have behind its blobs.
    var appendixNames: [String] {
        guard description.hasBill else { return [] }
        return [BundleAppendix.billMember] + (signature == .unsigned ? [] : [BundleAppendix.signatureMember])
    }

    private func content(of member: TarballMember, limit: Int64) throws -> Data {
        guard member.size <= limit else {
            throw fault(member.name, "has \(member.size) bytes; at most \(limit) are read")
        }
        guard member.end <= file.contentSize else { throw fault(member.name, "goes beyond the end of the tar") }
        var bytes = Data(capacity: Int(member.size))
        let reader = FrameReader(file)
        try reader.read(member.dataOffset..<(member.dataOffset + member.size)) { bytes.append(contentsOf: $0) }
        return bytes
    }

    private func fault(_ name: String, _ reason: String) -> BundleError {
        .member(path: path, name: name, reason: reason)
    }
}
