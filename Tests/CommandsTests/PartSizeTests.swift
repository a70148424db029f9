import ArgumentParser
import Testing

@testable import BuilderCommands

@Suite struct PartSizeTests {
    @Test(arguments: [
        ("4G", 4_000_000_000), ("4GB", 4_000_000_000), ("4gb", 4_000_000_000), ("4.7G", 4_700_000_000),
        ("650M", 650_000_000), ("4300MiB", 4_508_876_800), ("4Gi", 4_294_967_296), ("0.5GiB", 536_870_912),
        ("1000000", 1_000_000), ("1000000B", 1_000_000), ("1000k", 1_000_000), ("1.125T", 1_125_000_000_000),
        ("4294967295", 4_294_967_295),
    ]) func reads(_ text: String, _ bytes: Int64) throws {
        #expect(try PartSize(parsing: text).bytes == bytes)
    }

    @Test(arguments: [
        "", "G", "-4G", "+4G", "4 G", "4X", "4iB", "4GG", "4.G", ".5G", "4.0000G", "1.2.3G", "0", "999999", "0.5M",
        "999999999999999999999", "9223372036854775807T", "9300000T", "٤G", "4e9", "0x10000000",
    ]) func refuses(_ text: String) {
        #expect(throws: ValidationError.self) { try PartSize(parsing: text) }
    }

    @Test func warnsOfWhatJustMissesFAT32() throws {
        #expect(try PartSize(parsing: "4GiB").warning?.contains("4G") == true)
        #expect(try PartSize(parsing: "4G").warning == nil)
        #expect(try PartSize(parsing: "4294967295").warning == nil)
        #expect(try PartSize(parsing: "25G").warning == nil)
    }
}
