import BundleFormat
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", 0, 0), ("1", 1, 1000), ("500m", 1, 500), ("1500m", 2, 1500), ("1.5", 2, 1500), (".5", 1, 500),
        ("5.", 5, 5000), ("+2", 2, 2000), ("-1.5", -2, -1500), ("100u", 1, 1), ("100n", 1, 1), ("2000000n", 1, 2),
        ("1k", 1000, 1_000_000), ("1Ki", 1024, 1_024_000), ("2Gi", 2_147_483_648, 2_147_483_648_000),
        ("1.5Gi", 1_610_612_736, 1_610_612_736_000), ("1e3", 1000, 1_000_000), ("1E-3", 1, 1),
        ("12E2", 1200, 1_200_000),
        ("1E", 1_000_000_000_000_000_000, .max), ("1Ei", 1_152_921_504_606_846_976, .max), ("8Ei", .max, .max),
        ("123456789.000000001", 123_456_790, 123_456_789_001),
    ]) func reads(_ text: String, _ value: Int64, _ milli: Int64) throws {
        let quantity = try #require(Quantity(text))
        #expect(quantity.value == value)
        #expect(quantity.milliValue == milli)
    }

    @Test func numbersBeyondAllBoundsStayNumbers() throws {
        #expect(try #require(Quantity("9e999999999999999999999")).value == .max)
        #expect(try #require(Quantity("-9e999999999999999999999")).value == -Int64.max)
        #expect(try #require(Quantity("9e-999999999999999999999")).value == 1)
        #expect(try #require(Quantity(String(repeating: "9", count: 5000))).value == .max)
        #expect(try #require(Quantity(String(repeating: "0", count: 5000) + "7")).value == 7)
        #expect(try #require(Quantity("0e999999999")).value == 0)
        #expect(try #require(Quantity("0." + String(repeating: "0", count: 5000) + "1")).milliValue == 1)
        #expect(try #require(Quantity("1." + String(repeating: "0", count: 5000))).value == 1)
    }

    @Test(arguments: [
        "", " ", ".", "+", "-", "m", "Gi", "1 Gi", "1gi", "1K", "1GiB", "1e", "1e+", "1e1.5", "1e1Gi", "--1", "1.2.3",
        "0x10", "1_000", "１", "∞", "NaN", "unset",
    ]) func refuses(_ text: String) { #expect(Quantity(text) == nil) }
}
