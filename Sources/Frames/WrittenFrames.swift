/// What a ``FrameWriter`` has written so far, to be read once more, on any thread, while it goes on.
package struct WrittenFrames: Sendable {
    private let pipeline: FramePipeline

    init(_ pipeline: FramePipeline) { self.pipeline = pipeline }

    /// A file of the frames that hold the content of `range`; blocks until all of them are written.
    ///
    /// The file that is written to must be open for reading too. Throws what the writer failed with; `nil` once
    /// it has ended, whatever was written.
    package func file(holding range: Range<Int64>) throws(FramesError) -> FramedFile? {
        try pipeline.file(holding: range)
    }
}
