package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.sun.management.ThreadMXBean;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.WeightSpec;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

  private static final String KEY = "model.layers.1.self_attn.k_proj.weight";

  @TempDir private Path directory;
  private TinyCheckpoint files;

  @BeforeEach
  void create() {
    files = new TinyCheckpoint(directory);
  }

  @Test
  void oneFile() throws IOException {
    files.single();
    try (Checkpoint checkpoint = open()) {
      assertThat(checkpoint.spec().hiddenSize()).isEqualTo(6);
      assertThat(checkpoint.generation().stopTokens()).isEqualTo(Set.of(2));
      assertThat(TinyCheckpoint.find(checkpoint, KEY)).isPresent();
      assertThat(TinyCheckpoint.find(checkpoint, KEY.replace(".1.", ".2."))).isEmpty();
      assertThat(TinyCheckpoint.find(checkpoint, KEY.replace("weight", "bias"))).isEmpty();
      assertThat(checkpoint.files().location()).isEqualTo(directory.toString());
      Weight key = TinyCheckpoint.weight(checkpoint, KEY);
      assertThat(key.file()).isEqualTo(TinyCheckpoint.SINGLE);
      assertThat(key.type()).isEqualTo(ElementType.F32);
      assertThat(key.rows()).isEqualTo(4);
      assertThat(key.columns()).isEqualTo(6);
    }
  }

  @Test
  void weightBytesAreThoseOfTheStreamedMatrices() throws IOException {
    files.single();
    try (Checkpoint checkpoint = open()) {
      int layer = 8 * 6 + 4 * 6 + 4 * 6 + 6 * 8 + 3 * 60;
      assertThat(checkpoint.weightBytes()).isEqualTo(4L * (2 * layer + 66));
    }
  }

  @Test
  void readsWhatIsInTheShards() throws IOException {
    files.sharded();
    try (Checkpoint checkpoint = open()) {
      for (int layer = 0; layer < 2; layer++) {
        Weight down =
            TinyCheckpoint.weight(checkpoint, "model.layers." + layer + ".mlp.down_proj.weight");
        assertThat(down.file())
            .isEqualTo(layer == 0 ? TinyCheckpoint.SHARD_1 : TinyCheckpoint.SHARD_2);
        ByteBuffer target = ByteBuffer.allocateDirect(40);
        checkpoint.read(down, 80, target);
        int from = (int) down.offset() + 80;
        byte[] expected = Arrays.copyOfRange(files.bytes(down.file()), from, from + 40);
        assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(expected));
      }
    }
  }

  @Test
  void anUntiedHeadIsItsOwnTensor() throws IOException {
    config("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false");
    files.tensor("lm_head.weight", "BF16", 11, 6).single();
    try (Checkpoint checkpoint = open()) {
      assertThat(checkpoint.weight(checkpoint.spec().headMatrix()).type())
          .isEqualTo(ElementType.BF16);
      assertThat(checkpoint.weight(checkpoint.spec().embedding()).type())
          .isEqualTo(ElementType.F32);
    }
  }

  @Test
  void readsStayInsideTheTensor() throws IOException {
    files.single();
    try (Checkpoint checkpoint = open()) {
      Weight norm = checkpoint.weight(checkpoint.spec().head().norm());
      assertThatThrownBy(() -> checkpoint.read(norm, 8, ByteBuffer.allocate(17)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith(
              "17 bytes at 8 are outside of Weight[spec=WeightSpec[name=model.norm.weight");
      assertThatThrownBy(() -> checkpoint.read(norm, -1, ByteBuffer.allocate(1)))
          .isInstanceOf(IllegalArgumentException.class);
      WeightSpec other = new WeightSpec("model.layers.7.norm.weight", List.of(6L), 0, 1, 0);
      assertThatThrownBy(() -> checkpoint.weight(other))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("no " + other + " in this model");
    }
  }

  @Test
  void aFileThatShrinksWhileItIsReadIsAnErrorWithItsOffset() throws IOException {
    files.single();
    try (Checkpoint checkpoint = open()) {
      Weight norm = checkpoint.weight(checkpoint.spec().head().norm());
      truncate(TinyCheckpoint.SINGLE, norm.offset() + 4);
      assertThatThrownBy(() -> checkpoint.read(norm, 0, ByteBuffer.allocate(24)))
          .isInstanceOf(EOFException.class)
          .hasMessage(
              "%s ends before offset %d, where 20 more bytes are wanted",
              files.path(TinyCheckpoint.SINGLE), norm.offset() + 4);
    }
  }

  @Test
  void theTokenizerIsAskedForWhenItIsNeeded() throws IOException {
    files.single();
    try (Checkpoint checkpoint = open()) {
      assertThatThrownBy(checkpoint::tokenizer)
          .isInstanceOf(StrataException.class)
          .hasMessage(
              "no tokenizer.json in %s; download it from where the model is from", directory);
      files.write("tokenizer.json", "{}");
      assertThat(checkpoint.tokenizer()).isEqualTo("{}".getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void noConfig() throws IOException {
    Files.delete(files.path("config.json"));
    assertRefused()
        .hasMessage("no config.json in %s; give the directory of a Hugging Face model", directory);
  }

  @Test
  void noSafetensors() {
    files.write("pytorch_model.bin", "PK");
    assertRefused()
        .hasMessage(
            "no model.safetensors and no model.safetensors.index.json in %s; give a model in the"
                + " safetensors format",
            directory);
  }

  @Test
  void configsThatMakeNoSenseAreNamedWithTheirPath() {
    files.single();
    config("\"hidden_size\": 6", "\"hidden_size\": -6");
    assertRefused()
        .hasMessage(
            "hidden_size is -6 in %s; it must be a whole number of 1 or more",
            files.path("config.json"));
  }

  @Test
  void sizesBeyondTheTensorsTakeNoMemory() {
    files.single();
    config("\"head_dim\": 4", "\"head_dim\": 500000000");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertRefused()
        .hasMessage(
            "num_attention_heads times head_dim is 1000000000 in %s, but no tensor of %s is larger"
                + " than 11 in any direction; use the files of one model",
            files.path("config.json"), files.path(TinyCheckpoint.SINGLE));
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000_000);
  }

  @Test
  void readsThatFailNameTheFile() throws IOException {
    files.single();
    Files.delete(files.path("config.json"));
    // Its first page is not there: an input or output error.
    Files.createSymbolicLink(files.path("config.json"), Path.of("/proc/self/mem"));
    Configuration conf = new Configuration(false);
    conf.set(HadoopModelFiles.PATIENCE, "0ms");
    assertThatThrownBy(() -> Checkpoint.open(ModelFiles.at(directory.toString(), conf)))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the model in %s cannot be read: %s cannot be read: Input/output error",
            directory, files.path("config.json"));
  }

  @Test
  void missingShard() throws IOException {
    files.sharded();
    Files.delete(files.path(TinyCheckpoint.SHARD_2));
    assertRefused()
        .hasMessage(
            "%s names %s, which is not there; download the missing file",
            files.path(TinyCheckpoint.INDEX), TinyCheckpoint.SHARD_2);
  }

  /** As transformers reads them, headers decide where a tensor is. */
  @Test
  void theIndexIsAHint() throws IOException {
    files.sharded();
    JsonObject index = files.index();
    JsonObject map = index.getAsJsonObject("weight_map");
    map.addProperty(KEY, TinyCheckpoint.SHARD_1);
    map.remove("model.norm.weight");
    map.addProperty("model.rotary_emb.inv_freq", TinyCheckpoint.SHARD_1);
    map.addProperty("model.visual.weight", "visual.safetensors");
    files.write(TinyCheckpoint.INDEX, index.toString());
    try (Checkpoint checkpoint = open()) {
      assertThat(TinyCheckpoint.weight(checkpoint, KEY).file()).isEqualTo(TinyCheckpoint.SHARD_2);
      assertThat(TinyCheckpoint.find(checkpoint, "model.norm.weight")).isPresent();
    }
  }

  @Test
  void aTensorThatIsNowhereThoughTheIndexHasIt() {
    files.without(KEY).sharded();
    JsonObject index = files.index();
    index.getAsJsonObject("weight_map").addProperty(KEY, TinyCheckpoint.SHARD_1);
    files.write(TinyCheckpoint.INDEX, index.toString());
    assertRefused()
        .hasMessage(
            "%s says that tensor %s is in %s, but it is not; download the model again",
            files.path(TinyCheckpoint.INDEX), KEY, TinyCheckpoint.SHARD_1);
  }

  @Test
  void namesWithoutModel() throws IOException {
    files.renamed(name -> name.replaceFirst("^model\\.", "")).sharded();
    try (Checkpoint checkpoint = open()) {
      assertThat(TinyCheckpoint.weight(checkpoint, KEY).rows()).isEqualTo(4);
    }
  }

  @Test
  void namesWithModelTwice() throws IOException {
    config("\"tie_word_embeddings\": true", "\"tie_word_embeddings\": false");
    files.tensor("lm_head.weight", 11, 6).renamed(name -> "model." + name).single();
    try (Checkpoint checkpoint = open()) {
      assertThat(TinyCheckpoint.find(checkpoint, "lm_head.weight")).isPresent();
    }
  }

  @Test
  void aHeadOfItsOwnIsKeptThoughTheConfigurationTiesIt() throws IOException {
    files.tensor("lm_head.weight", "BF16", 11, 6).single();
    try (Checkpoint checkpoint = open()) {
      assertThat(checkpoint.weight(checkpoint.spec().headMatrix()).type())
          .isEqualTo(ElementType.BF16);
      assertThat(checkpoint.weight(checkpoint.spec().embedding()).type())
          .isEqualTo(ElementType.F32);
      assertThat(checkpoint.spec().tiedHead()).isFalse();
      assertThat(checkpoint.warnings())
          .containsExactly(
              "tie_word_embeddings is true in "
                  + files.path("config.json")
                  + ", but the model has a head of its own, which is used; set it to false there,"
                  + " or take lm_head.weight out");
    }
  }

  @Test
  void aTiedHeadIsOneTensor() throws IOException {
    files.single();
    try (Checkpoint checkpoint = open()) {
      assertThat(checkpoint.weight(checkpoint.spec().headMatrix()).offset())
          .isEqualTo(checkpoint.weight(checkpoint.spec().embedding()).offset());
      assertThat(checkpoint.warnings()).isEmpty();
    }
  }

  @Test
  void aTiedEmbeddingMayBeSavedAsTheHead() throws IOException {
    files.renamed(name -> name.replace("model.embed_tokens", "lm_head")).single();
    try (Checkpoint checkpoint = open()) {
      assertThat(checkpoint.weight(checkpoint.spec().embedding()).rows()).isEqualTo(11);
      assertThat(checkpoint.weight(checkpoint.spec().headMatrix()).rows()).isEqualTo(11);
      assertThat(checkpoint.spec().tiedHead()).isTrue();
    }
  }

  @Test
  void anAdapterBesideTheModelIsSaid() throws IOException {
    files.single();
    files.write("adapter_config.json", "{}");
    try (Checkpoint checkpoint = open()) {
      assertThat(checkpoint.warnings())
          .containsExactly(
              files.path("adapter_config.json")
                  + " is there beside the model, but adapters are not applied; merge it into the"
                  + " model (merge_and_unload of peft), or remove it");
    }
    Files.delete(files.path("config.json"));
    assertRefused()
        .hasMessage(
            "%s holds an adapter (adapter_config.json) and no model; merge it into the model that"
                + " it was trained on (merge_and_unload of peft) and give that",
            directory);
  }

  @Test
  void whatIsNotDoneOfTheGenerationConfigIsSaidOnce() throws IOException {
    files.single();
    files.write(
        "generation_config.json", "{\"num_beams\": 4, \"guidance_scale\": 1.5, \"top_k\": 7}");
    try (Checkpoint checkpoint = open()) {
      assertThat(checkpoint.warnings())
          .containsExactly(
              files.path("generation_config.json")
                  + " sets num_beams to 4, guidance_scale to 1.5, which is not done here: texts may"
                  + " differ from those of transformers");
    }
  }

  @Test
  void missingTensor() {
    files.without(KEY).single();
    assertRefused()
        .hasMessage(
            "tensor %s is missing in %s, but %s describes a llama model that has it; use the files"
                + " of one model",
            KEY, files.path(TinyCheckpoint.SINGLE), files.path("config.json"));
  }

  @Test
  void missingTensorOfAShardedModel() {
    files.without(KEY).sharded();
    assertRefused()
        .hasMessage(
            "tensor %s is missing in %s, but %s describes a llama model that has it; use the files"
                + " of one model",
            KEY, files.path(TinyCheckpoint.INDEX), files.path("config.json"));
  }

  @Test
  void wrongShape() {
    files.tensor(KEY, 6, 4).single();
    assertRefused()
        .hasMessage(
            "tensor %s in %s has shape [6, 4], but %s makes it [4, 6]; use the files of one model",
            KEY, files.path(TinyCheckpoint.SINGLE), files.path("config.json"));
  }

  @Test
  void aVectorWithTwoDimensions() {
    files.tensor("model.norm.weight", 1, 6).single();
    assertRefused()
        .hasMessage(
            "tensor model.norm.weight in %s has shape [1, 6], but %s makes it [6]; use the files of"
                + " one model",
            files.path(TinyCheckpoint.SINGLE), files.path("config.json"));
  }

  @Test
  void unsupportedType() {
    files.tensor(KEY, "F64", 4, 6).single();
    assertRefused()
        .hasMessage(
            "tensor %s in %s is stored as F64; use a model stored as F32, F16 or BF16",
            KEY, files.path(TinyCheckpoint.SINGLE));
  }

  @Test
  void shardCutInItsData() throws IOException {
    files.sharded();
    long length = Files.size(files.path(TinyCheckpoint.SHARD_2));
    truncate(TinyCheckpoint.SHARD_2, length - 1);
    long data = length - headerEnd(TinyCheckpoint.SHARD_2);
    assertRefused()
        .hasMessage(
            "tensor model.norm.weight in %s ends at byte %d of the data, but the file has only %d"
                + " bytes of data; it is truncated: download it again",
            files.path(TinyCheckpoint.SHARD_2), data, data - 1);
  }

  @Test
  void shardCutInItsHeader() throws IOException {
    files.sharded();
    long header = headerEnd(TinyCheckpoint.SHARD_2) - 8;
    truncate(TinyCheckpoint.SHARD_2, 100);
    assertRefused()
        .hasMessage(
            "%s has 100 bytes, less than its header of %d; it is truncated: download it again",
            files.path(TinyCheckpoint.SHARD_2), header);
  }

  @Test
  void shardCutBeforeItsHeader() throws IOException {
    files.sharded();
    truncate(TinyCheckpoint.SHARD_2, 7);
    assertRefused()
        .hasMessage(
            "%s has 7 bytes, not even a header's length; it is truncated: download it again",
            files.path(TinyCheckpoint.SHARD_2));
  }

  @Test
  void headersBeyondAllMeasure() {
    files.write(TinyCheckpoint.SINGLE, "<!DOCTYPE html><p>Access denied");
    assertRefused()
        .hasMessage(
            "%s says that its header has 5789751444030890300 bytes, beyond the limit of 100000000;"
                + " it is not a safetensors file: download it again",
            files.path(TinyCheckpoint.SINGLE));
  }

  @Test
  void aPointerInsteadOfTheFile() {
    byte[] pointer = new byte[40];
    ByteBuffer.wrap(pointer).order(ByteOrder.LITTLE_ENDIAN).putLong(20);
    files.write(TinyCheckpoint.SINGLE, pointer);
    assertRefused()
        .hasMessage(
            "the header of %s is not valid JSON at line 1 column 1; download the file again",
            files.path(TinyCheckpoint.SINGLE));
  }

  @Test
  void aSmallFileThatIsLarge() throws IOException {
    files.single();
    truncate("generation_config.json", ModelFiles.MAX_FOUND_BYTES + 1L);
    assertRefused()
        .hasMessage(
            "the model in %s cannot be read: %s has 67108865 bytes, more than the 67108864 of a"
                + " small file",
            directory, files.path("generation_config.json"));
  }

  private AbstractThrowableAssert<?, ?> assertRefused() {
    return assertThatThrownBy(this::open)
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.MODEL));
  }

  private Checkpoint open() {
    return Checkpoint.open(directory.toString());
  }

  private void config(String before, String after) {
    try {
      String config = Files.readString(files.path("config.json"));
      files.write("config.json", config.replace(before, after));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private long headerEnd(String name) throws IOException {
    return 8 + ByteBuffer.wrap(files.bytes(name)).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  private void truncate(String name, long length) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(files.path(name).toFile(), "rw")) {
      file.setLength(length);
    }
  }
}
