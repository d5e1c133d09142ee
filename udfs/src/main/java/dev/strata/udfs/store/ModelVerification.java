package dev.strata.udfs.store;

import dev.strata.udfs.api.ModelStaging;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.DecoderSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Reads all of a model: every byte of its files, which is compared with an earlier reading, and
 * every number of its tensors. The first reading leaves its checksums in the directory of copies,
 * and in a copy there are those of when it was made.
 */
public final class ModelVerification {

  private static final List<String> SMALL_FILES =
      List.of(
          "config.json",
          "generation_config.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "chat_template.jinja",
          "model.safetensors.index.json");

  private static final int PIECE_BYTES = 8 << 20;
  private static final int HASH_DIGITS = 16;

  /**
   * What was found.
   *
   * @param place the directory that was read: a copy's, if there is one
   * @param bytes how much was read
   * @param changed files that are not as they were when they were first read, each a sentence
   * @param problems what else makes the model unusable
   * @param warnings what may be so on purpose
   * @param compared whether all files were read before, so that there was something to compare with
   * @param record where the checksums are
   */
  public record Result(
      String place,
      long bytes,
      List<String> changed,
      List<String> problems,
      List<String> warnings,
      boolean compared,
      String record) {}

  private final Checkpoint checkpoint;
  private final Path recordFile;
  private final FileRecord earlier;
  private final List<FileRecord.Entry> entries = new ArrayList<>();
  private final List<String> changed = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();
  private boolean compared = true;

  private ModelVerification(Checkpoint checkpoint, Path recordFile) throws IOException {
    this.checkpoint = checkpoint;
    this.recordFile = recordFile;
    this.earlier = FileRecord.read(recordFile);
  }

  /**
   * Reads a model, or the copy of it that engines of this node read.
   *
   * @throws StrataException if it cannot be opened
   * @throws IOException if it cannot be read; the message names the file
   */
  public static Result verify(String location, ModelStaging staging) throws IOException {
    ModelCache cache = ModelCache.of(staging);
    if (ModelFiles.isCopied(location, staging)) {
      try (HadoopModelFiles remote = HadoopModelFiles.at(location, HadoopConf.ofThisJvm())) {
        Optional<ModelFiles> copy = cache.find(remote);
        if (copy.isPresent()) {
          return verify(copy.get(), Path.of(copy.get().location(), FileRecord.FILE));
        }
      }
    }
    Files.createDirectories(cache.directory());
    return verify(ModelFiles.at(location), record(cache.directory(), location));
  }

  private static Path record(Path cache, String location) {
    byte[] bytes = location.getBytes(StandardCharsets.UTF_8);
    return cache.resolve("verified-" + new Sha256().addBytes(bytes).hex(HASH_DIGITS) + ".json");
  }

  private static Result verify(ModelFiles files, Path recordFile) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(files)) {
      return new ModelVerification(checkpoint, recordFile).run();
    }
  }

  private Result run() throws IOException {
    List<String> names = names();
    Map<String, FileState> states = checkpoint.files().states(names);
    long bytes = 0;
    for (String name : names) {
      List<WeightScan> scans = new ArrayList<>();
      int crc = read(name, scans);
      scans.forEach(this::take);
      compare(new FileRecord.Entry(name, states.get(name), crc));
      bytes += states.get(name).length();
    }
    checkpoint.requireUnchanged();
    if (changed.isEmpty() && problems.isEmpty()) {
      new FileRecord(entries).write(recordFile);
    }
    return new Result(
        checkpoint.files().location(),
        bytes,
        List.copyOf(changed),
        List.copyOf(problems),
        List.copyOf(warnings),
        compared,
        recordFile.toString());
  }

  private List<String> names() throws IOException {
    List<String> names = new ArrayList<>(checkpoint.shards());
    for (String name : SMALL_FILES) {
      if (checkpoint.files().exists(name)) {
        names.add(name);
      }
    }
    return names;
  }

  private void take(WeightScan scan) {
    problems.addAll(scan.problems());
    warnings.addAll(scan.warnings());
  }

  private void compare(FileRecord.Entry now) {
    entries.add(now);
    Optional<FileRecord.Entry> before = earlier.find(now.name());
    compared &= before.isPresent();
    if (before.isPresent() && before.get().crc32c() != now.crc32c()) {
      changed.add(
          String.format(
              "%s has the CRC32C %08x, but had %08x when it was first read%s",
              checkpoint.files().path(now.name()),
              now.crc32c(),
              before.get().crc32c(),
              before.get().state().equals(now.state())
                  ? ", and nobody has written to it since: its disk is not sound"
                  : ""));
    }
  }

  /** Reads a file, its tensors apart, and returns the CRC32C of all. */
  private int read(String name, List<WeightScan> scans) throws IOException {
    List<Weight> weights =
        checkpoint.weights().stream()
            .filter(weight -> weight.file().equals(name))
            .sorted(Comparator.comparingLong(Weight::offset))
            .toList();
    CRC32C crc = new CRC32C();
    ByteBuffer piece = ByteBuffer.allocateDirect(PIECE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (ByteSource source = checkpoint.files().open(name)) {
      long at = 0;
      for (Weight weight : weights) {
        read(source, at, weight.offset(), piece, crc, Optional.empty());
        WeightScan scan = new WeightScan(weight, hasTokens(weight));
        at = weight.offset() + weight.bytes();
        read(source, weight.offset(), at, piece, crc, Optional.of(scan));
        scans.add(scan);
      }
      read(source, at, source.length(), piece, crc, Optional.empty());
    }
    return (int) crc.getValue();
  }

  private boolean hasTokens(Weight weight) {
    DecoderSpec spec = checkpoint.spec();
    return weight.spec().equals(spec.headMatrix())
        || spec.embeddings().stream().anyMatch(each -> each.matrix().equals(weight.spec()));
  }

  private static void read(
      ByteSource source,
      long begin,
      long end,
      ByteBuffer piece,
      CRC32C crc,
      Optional<WeightScan> scan)
      throws IOException {
    for (long at = begin; at < end; at += piece.limit()) {
      piece.clear().limit((int) Math.min(PIECE_BYTES, end - at));
      source.read(at, piece);
      crc.update(piece.flip());
      piece.rewind();
      scan.ifPresent(each -> each.add(piece));
    }
  }
}
