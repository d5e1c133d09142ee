package dev.strata.udfs.store;

import dev.strata.udfs.api.MachineMemory;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Cleanup;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.GenerationDefaults;
import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.model.WeightSpec;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A Hugging Face checkpoint as it lies: what it says of itself, and its tensors by offset. Opening
 * it reads configurations and headers, never weights, and checks that every tensor of the model is
 * there with its shape. All methods may be called from any thread.
 */
public final class Checkpoint implements Closeable {

  private static final String CONFIG = "config.json";
  private static final String GENERATION_CONFIG = "generation_config.json";
  private static final String ADAPTER = "adapter_config.json";
  private static final String TOKENIZER = "tokenizer.json";

  private final ModelFiles files;
  private final DecoderSpec spec;
  private final GenerationDefaults generation;
  private final ModelWeights weights;
  private final Map<String, ByteSource> sources;
  private final WatchedFiles watched;
  private final List<String> warnings;

  private Checkpoint(
      ModelFiles files,
      DecoderSpec spec,
      GenerationDefaults generation,
      ModelWeights weights,
      Map<String, ByteSource> sources,
      WatchedFiles watched,
      List<String> warnings) {
    this.files = files;
    this.spec = spec;
    this.generation = generation;
    this.weights = weights;
    this.sources = sources;
    this.watched = watched;
    this.warnings = warnings;
  }

  /**
   * Opens a checkpoint that is read through the page cache.
   *
   * @param location its directory, as {@link ModelFiles#at} takes it
   * @throws StrataException if it is absent, damaged, incomplete or of an unknown family; in one
   *     sentence with the value, the file and the way out
   */
  public static Checkpoint open(String location) {
    return open(location, "cached", 0);
  }

  /**
   * Opens a checkpoint.
   *
   * @param location its directory, a local path or a {@code file:} URI
   * @param io how tiles are read: {@code cached}, {@code direct} (past the page cache) or {@code
   *     auto}, which is direct where the checkpoint is larger than the memory that files may take;
   *     where the file system has no direct reads, a warning names the directory and they are
   *     cached
   * @param memoryToCome bytes that the caller is going to allocate and files cannot have
   * @throws StrataException if it is absent, damaged, incomplete or of an unknown family; in one
   *     sentence with the value, the file and the way out
   */
  public static Checkpoint open(String location, String io, long memoryToCome) {
    return open(ModelFiles.at(location), io, memoryToCome);
  }

  /** Opens a checkpoint, which closes the files when it is closed or cannot be opened. */
  public static Checkpoint open(ModelFiles files) {
    return open(files, "cached", 0);
  }

  /** The same, reading as {@link #open(String, String, long)} does. */
  public static Checkpoint open(ModelFiles files, String io, long memoryToCome) {
    long available = io.equals("auto") ? MachineMemory.now().free() - memoryToCome : Long.MAX_VALUE;
    return open(files, new ShardSources(io, available));
  }

  static Checkpoint open(ModelFiles files, ShardSources opener) {
    Map<String, ByteSource> sources = new LinkedHashMap<>();
    try {
      return open(files, opener, sources);
    } catch (IOException e) {
      closeAfter(e, files, sources);
      throw unreadable("the model in " + files.location(), e);
    } catch (UncheckedIOException e) {
      closeAfter(e, files, sources);
      throw unreadable("the model in " + files.location(), e.getCause());
    } catch (Throwable e) {
      closeAfter(e, files, sources);
      throw e;
    }
  }

  private static Checkpoint open(
      ModelFiles files, ShardSources opener, Map<String, ByteSource> sources) throws IOException {
    String config = config(files);
    ModelConfig family = ModelConfig.read(config, files.path(CONFIG));
    String generationConfig = files.find(GENERATION_CONFIG).map(Checkpoint::text).orElse(null);
    GenerationDefaults generation =
        GenerationDefaults.parse(generationConfig, config, files.location());
    Shards shards = Shards.read(files);
    DecoderSpec described = family.decoder(shards.bounds());
    DecoderSpec spec = ModelWeights.withOwnHead(described, shards);
    ModelWeights weights =
        ModelWeights.find(spec, family.quantization(), shards, files, files.path(CONFIG));
    WatchedFiles watched = WatchedFiles.of(files, shards.files());
    opener.open(files, shards.files(), sources);
    List<String> warnings = warnings(files, described.tiedHead() && !spec.tiedHead(), generation);
    return new Checkpoint(files, spec, generation, weights, sources, watched, warnings);
  }

  private static String config(ModelFiles files) throws IOException {
    return files.find(CONFIG).map(Checkpoint::text).orElseThrow(() -> noConfig(files));
  }

  private static StrataException noConfig(ModelFiles files) {
    return has(files, ADAPTER)
        ? StrataException.model(
            "%s holds an adapter (%s) and no model; merge it into the model that it was trained on"
                + " (merge_and_unload of peft) and give that",
            files.location(), ADAPTER)
        : StrataException.model(
            "no %s in %s; give the directory of a Hugging Face model", CONFIG, files.location());
  }

  private static boolean has(ModelFiles files, String name) {
    try {
      return files.exists(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> warnings(
      ModelFiles files, boolean hasOwnHead, GenerationDefaults generation) {
    List<String> warnings = new ArrayList<>();
    if (hasOwnHead) {
      warnings.add(
          String.format(
              "tie_word_embeddings is true in %s, but the model has a head of its own, which is"
                  + " used; set it to false there, or take lm_head.weight out",
              files.path(CONFIG)));
    }
    if (has(files, ADAPTER)) {
      warnings.add(
          String.format(
              "%s is there beside the model, but adapters are not applied; merge it into the model"
                  + " (merge_and_unload of peft), or remove it",
              files.path(ADAPTER)));
    }
    if (!generation.unsupported().isEmpty()) {
      warnings.add(
          String.format(
              "%s sets %s, which is not done here: texts may differ from those of transformers",
              files.path(GENERATION_CONFIG),
              generation.unsupported().entrySet().stream()
                  .map(field -> field.getKey() + " to " + field.getValue())
                  .collect(Collectors.joining(", "))));
    }
    return List.copyOf(warnings);
  }

  private static StrataException unreadable(String what, IOException cause) {
    // The message of a FileSystemException may be a bare path; its class says what is wrong.
    String message = String.valueOf(cause.getMessage());
    // Hadoop's servers append their stack traces.
    Object reason =
        cause instanceof FileSystemException ? cause : message.lines().findFirst().orElse("");
    return new StrataException(
        StrataException.Fault.MODEL, String.format("%s cannot be read: %s", what, reason), cause);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** What {@code config.json} says. */
  public DecoderSpec spec() {
    return spec;
  }

  /** What {@code generation_config.json} says. */
  public GenerationDefaults generation() {
    return generation;
  }

  /**
   * What a person should know of the checkpoint, each a sentence: it may not be what they think.
   */
  public List<String> warnings() {
    return warnings;
  }

  /** The checkpoint's other files. */
  public ModelFiles files() {
    return files;
  }

  /**
   * The bytes of {@code tokenizer.json}.
   *
   * @throws StrataException if there is none
   */
  public byte[] tokenizer() {
    try {
      return files
          .find(TOKENIZER)
          .orElseThrow(
              () ->
                  StrataException.model(
                      "no %s in %s; download it from where the model is from",
                      TOKENIZER, files.location()));
    } catch (IOException e) {
      throw unreadable(files.path(TOKENIZER), e);
    }
  }

  /**
   * A tensor of the model, one of {@link DecoderSpec#weights}.
   *
   * @throws IllegalArgumentException if the model has none
   */
  public Weight weight(WeightSpec wanted) {
    return weights
        .find(wanted)
        .orElseThrow(() -> new IllegalArgumentException("no " + wanted + " in this model"));
  }

  /** All tensors of the model. */
  Collection<Weight> weights() {
    return weights.all();
  }

  /** The safetensors files. */
  Set<String> shards() {
    return sources.keySet();
  }

  /** What those were like when they were opened, by name. */
  public Map<String, FileState> shardStates() {
    return Map.copyOf(watched.known());
  }

  /** Norms and biases of all layers. */
  public List<Weight> vectors() {
    return weights.all().stream().filter(weight -> !weight.spec().isMatrix()).toList();
  }

  /** Bytes of the matrices of one sweep: of the embedding, rows are read singly. */
  public long weightBytes() {
    return spec.stages().stream()
        .flatMap(each -> each.stage().matrices())
        .mapToLong(matrix -> weight(matrix).bytes())
        .sum();
  }

  /**
   * Fills a buffer, from position to limit, with a tensor's bytes as they lie in the file (little
   * endian, row-major).
   *
   * @param offsetInWeight where to begin in the tensor
   * @throws IOException if the file cannot be read; the message names file and offset
   * @throws IllegalArgumentException if the tensor ends before the buffer
   */
  public void read(Weight weight, long offsetInWeight, ByteBuffer target) throws IOException {
    if (offsetInWeight < 0 || offsetInWeight > weight.bytes() - target.remaining()) {
      throw new IllegalArgumentException(
          String.format(
              "%d bytes at %d are outside of %s", target.remaining(), offsetInWeight, weight));
    }
    sources.get(weight.file()).read(weight.offset() + offsetInWeight, target);
  }

  /**
   * Looks whether the files that weights are read from are still those that were opened.
   *
   * @throws StrataException if one was changed, replaced or removed
   * @throws IOException if they cannot be looked at
   */
  public void requireUnchanged() throws IOException {
    watched.requireUnchanged();
  }

  /** Bytes of a block of the shards: what {@link #readBlocks} reads by; 1 for any number. */
  int blockBytes() {
    return sources.values().stream().mapToInt(ByteSource::blockBytes).max().orElse(1);
  }

  /** Reads blocks of a shard, see {@link ByteSource#readBlocks}. */
  void readBlocks(String shard, long fileOffset, ByteBuffer target, int wanted) throws IOException {
    sources.get(shard).readBlocks(fileOffset, target, wanted);
  }

  @Override
  public void close() throws IOException {
    IOException failure = new IOException("the model in " + files.location() + " cannot be closed");
    closeAfter(failure, files, sources);
    if (failure.getSuppressed().length > 0) {
      throw failure;
    }
  }

  private static void closeAfter(
      Throwable failure, ModelFiles files, Map<String, ByteSource> sources) {
    for (ByteSource source : sources.values()) {
      Cleanup.closeAfter(failure, source);
    }
    Cleanup.closeAfter(failure, files);
  }
}
