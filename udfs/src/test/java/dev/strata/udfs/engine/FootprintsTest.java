package dev.strata.udfs.engine;

import static dev.strata.udfs.tensor.Footprint.Place.DEVICE;
import static dev.strata.udfs.tensor.Footprint.Place.HOST;
import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.kv.KvFormat;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.ResidentKv;
import dev.strata.udfs.kv.ResidentStates;
import dev.strata.udfs.kv.StateFormat;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.kv.StreamedKv;
import dev.strata.udfs.kv.StreamedStates;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.DeviceTiles;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.HostTiles;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.transformer.ActivationSizes;
import dev.strata.udfs.transformer.Activations;
import dev.strata.udfs.transformer.Choices;
import dev.strata.udfs.transformer.ExpertResults;
import dev.strata.udfs.transformer.Positions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What components declare is what they take, as the device's account has it. */
class FootprintsTest {

  private static final int BLOCK = 48;
  private static final int SWEEP = 4 * BLOCK;
  private static final int KV_SLOT = 300;

  private final Checkpoint checkpoint =
      Checkpoint.open(TestEngines.demoModel().toString(), "cached", 1 << 30);
  private final DecoderSpec spec = checkpoint.spec();
  private Holdings holdings;
  private ComputeDevice device;
  private KvFormat plain;

  @BeforeEach
  void start() {
    holdings = new Holdings();
  }

  @AfterEach
  void close() throws Exception {
    holdings.close();
    checkpoint.close();
  }

  private void open(String name) {
    device = holdings.add(ComputeDevice.open(name, "float32", 1));
    plain = KvFormat.plain(spec, device.computeType());
  }

  /** Host memory beside a device is allocated on a thread of its own. */
  private void awaitHostMemory() {
    while (device.hostBytesThere() < device.hostBytesAhead()) {
      Thread.onSpinWait();
    }
  }

  /** Makes components, which are to take what they declared, in each place. */
  private void assertTakes(Footprint declared, List<AutoCloseable> made) {
    made.forEach(holdings::add);
    awaitHostMemory();
    assertThat(device.held().bytes(DEVICE)).isEqualTo(declared.bytes(DEVICE));
    assertThat(device.held().bytes(HOST)).isEqualTo(declared.bytes(HOST));
    assertThat(device.held().byOwner(DEVICE).keySet())
        .containsAll(declared.byOwner(DEVICE).keySet());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void activations(String name) {
    open(name);
    assertTakes(
        ActivationSizes.of(spec).footprint(device.computeType(), BLOCK),
        List.of(new Activations(device, device.computeType(), ActivationSizes.of(spec), BLOCK)));
  }

  /** For all choices of a block, or as many as are not too much. */
  @ParameterizedTest
  @CsvSource({"64, 4, 96", "32768, 4, 96"})
  void resultsOfExperts(int hiddenSize, int most, int block) {
    open("staged");
    NumberType type = device.computeType();
    assertTakes(
        ExpertResults.footprint(type, hiddenSize, most, block),
        List.of(new ExpertResults(device, type, hiddenSize, most, block)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void keysAndValuesThatStay(String name) {
    open(name);
    KvPool pool = KvPool.onDevice(device, spec, 500);
    assertTakes(
        KvPool.footprint(plain, 500).plus(ResidentKv.footprint(plain, BLOCK)),
        List.of(pool, new ResidentKv(device, pool, BLOCK)));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void keysAndValuesThatPass(boolean quantized) {
    open("staged");
    KvFormat format = quantized ? KvFormat.quantized(spec) : plain;
    Lanes lanes = new Lanes(device);
    KvPool pool = KvPool.onHost(device, format, 8 << 20);
    StreamedKv kv =
        new StreamedKv(
            device, spec, pool, KV_SLOT, BLOCK, lanes.compute(), lanes.kvIn(), lanes.kvOut());
    Footprint streamed = StreamedKv.footprint(format, plain, KV_SLOT, BLOCK, false);
    awaitHostMemory();
    long ofPool = device.held().byOwner(HOST).get("keys and values");
    // The pool's segments are counted as powers of two, which they nearly fill.
    assertThat(ofPool)
        .isLessThanOrEqualTo(
            KvPool.hostFootprint(format, KvPool.hostSegments(format, 8 << 20)).bytes(HOST));
    assertTakes(streamed.plus(Footprint.host("pool", ofPool)), List.of(lanes, pool, kv));
  }

  private static final StateFormat STATES =
      new StateFormat(List.of(0, 1, 3), new DeltaRules.Widths(2, 4, 16, 8, 4, false));

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void statesThatStay(String name) {
    open(name);
    StatePool pool = StatePool.onDevice(device, STATES, 20);
    assertTakes(
        StatePool.footprint(STATES, 20).plus(ResidentStates.footprint(STATES, 7)),
        List.of(pool, new ResidentStates(device, new DeltaRules(device), pool, 7)));
  }

  @Test
  void statesThatPass() {
    open("staged");
    Lanes lanes = new Lanes(device);
    List<Integer> segments = StatePool.hostSegments(STATES, 3 << 20);
    StatePool pool = StatePool.onHost(device, STATES, segments);
    StreamedStates states =
        new StreamedStates(
            device,
            new DeltaRules(device),
            pool,
            7,
            lanes.compute(),
            lanes.statesIn(),
            lanes.statesOut());
    awaitHostMemory();
    long ofPool = device.held().byOwner(HOST).get(StatePool.OWNER);
    assertThat(ofPool).isBetween(2L << 20, StatePool.hostFootprint(STATES, segments).bytes(HOST));
    assertTakes(
        StreamedStates.footprint(STATES, 7).plus(Footprint.host("pool", ofPool)),
        List.of(lanes, pool, states));
  }

  @ParameterizedTest
  @ValueSource(ints = {SWEEP, BLOCK})
  void hiddenStatesThatPass(int sweepTokens) {
    open("staged");
    Lanes lanes = new Lanes(device);
    assertTakes(
        SpilledHidden.footprint(BLOCK, spec.hiddenSize(), sweepTokens, NumberType.FLOAT32, false),
        List.of(
            lanes,
            new SpilledHidden(
                device,
                null,
                BLOCK,
                new TokenState(spec.hiddenSize(), 0, false, false),
                sweepTokens,
                lanes.compute(),
                lanes.hiddenIn(),
                lanes.hiddenOut())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void hiddenStatesThatStay(String name) {
    open(name);
    assertTakes(
        ResidentHidden.footprint(SWEEP, (long) spec.hiddenSize() * Float.BYTES),
        List.of(
            new ResidentHidden(
                device, null, SWEEP, new TokenState(spec.hiddenSize(), 0, false, false))));
    assertTakes(
        ResidentHidden.footprint(2 * SWEEP, (long) spec.hiddenSize() * Float.BYTES)
            .plus(ResidentHidden.footprint(SWEEP, (long) spec.hiddenSize() * Float.BYTES)),
        List.of(
            new ResidentHidden(
                device, null, SWEEP, new TokenState(spec.hiddenSize(), 0, true, false))));
  }

  @ParameterizedTest
  @ValueSource(ints = {SWEEP, BLOCK})
  void inputsOfExpertsThatPass(int sweepTokens) {
    open("staged");
    Lanes lanes = new Lanes(device);
    NumberType type = NumberType.FLOAT32;
    assertTakes(
        SpilledHidden.footprint(BLOCK, spec.hiddenSize(), sweepTokens, type, false)
            .plus(SpilledHidden.keptFootprint(BLOCK, spec.hiddenSize(), sweepTokens, type, false)),
        List.of(
            lanes,
            new SpilledHidden(
                device,
                null,
                BLOCK,
                new TokenState(spec.hiddenSize(), 0, true, false),
                sweepTokens,
                lanes.compute(),
                lanes.hiddenIn(),
                lanes.hiddenOut())));
  }

  /** And the order on its way, and where each of five experts' begin in it, block by block. */
  @Test
  void choicesOfExperts() {
    open("cpu");
    holdings.add(new Choices(device, SWEEP, 3));
    long sorting = 6L * BLOCK * 3 * Long.BYTES;
    long blocks = 2 * SWEEP / BLOCK + 1;
    long tables = blocks * (3 * 5 + 6) * Long.BYTES;
    assertThat(Choices.footprint(SWEEP, 3, 5, BLOCK).bytes(DEVICE))
        .isEqualTo(device.held().bytes(DEVICE) + sorting + tables);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void tiles(String name) {
    open(name);
    Lanes lanes = new Lanes(device);
    HostTiles host = new HostTiles(device, NumberType.UINT8, 5, 40_000, Map.of(), true);
    DeviceTiles onDevice =
        new DeviceTiles(device, host, lanes.tiles(), lanes.compute(), NumberType.UINT8, 3, 40_000);
    assertTakes(
        HostTiles.ring(5, 40_000, false).plus(DeviceTiles.footprint(3, 40_000, false)),
        List.of(lanes, host, onDevice));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void headAndEmbedding(String name) {
    open(name);
    EmbeddingReader embedding = new EmbeddingReader(device, checkpoint, BLOCK);
    Head head = new Head(device, null, spec, Set.of(), 7);
    assertTakes(
        EmbeddingReader.staged(
                BLOCK, device.held().byOwner(HOST).get("embedding rows") / BLOCK, false)
            .plus(Head.logits(7, spec.vocabSize(), false)),
        List.of(embedding, head));
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void positions(String name) {
    open(name);
    Positions.Ropes ropes = new Positions.Ropes(device, spec);
    long ofRopes = device.held().bytes(DEVICE);
    holdings.add(ropes);
    holdings.add(ropes.of(new long[SWEEP], new long[SWEEP]));
    assertThat(device.held().bytes(DEVICE) - ofRopes)
        .isEqualTo(Positions.footprint(SWEEP, false).bytes(DEVICE));
  }

  /** Tiles are cut at rows, so the largest is a little smaller than it may be. */
  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void tileConversion(String name) {
    open(name);
    long tileBytes = 256 << 10;
    LayerStore store = LayerStore.of(checkpoint, tileBytes);
    holdings.add(new WeightConversion(device, store, false));
    long declared =
        WeightConversion.footprint(
                CheckpointSize.of(checkpoint), tileBytes, device.computeType(), false)
            .bytes(DEVICE);
    assertThat(device.held().bytes(DEVICE)).isBetween(declared / 2, declared);
  }
}
