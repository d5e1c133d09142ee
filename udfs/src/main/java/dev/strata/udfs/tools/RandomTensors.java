package dev.strata.udfs.tools;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.ModelConfig;
import dev.strata.udfs.model.Quantization;
import dev.strata.udfs.model.RoutingSpec;
import dev.strata.udfs.model.SizeBounds;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.model.WeightSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The tensors of a random checkpoint, in the types in which its configuration has them: products of
 * matrices with a normed vector are of order one, norms change nothing, biases are none, and
 * routers' choices are spread as {@link RouterSpread} says.
 */
final class RandomTensors {

  static final int BLOCK_BYTES = 4 << 20;

  private static final String BF16 = "BF16";

  /** E4M3 numbers under 2, whose root mean square is 0.6. */
  private static final int SMALL_E4M3 = 0x40;

  private static final double SMALL_E4M3_SIZE = 0.6;

  /** The root mean square of all E2M1 numbers. */
  private static final double E2M1_SIZE = 2.9;

  /** What the power of a scale is counted from. */
  private static final int E8M0_BIAS = 127;

  private final CheckpointShape shape;
  private final long seed;
  private final DecoderSpec spec;
  private final Quantization quantization;
  private final Map<String, RoutingSpec> routers = new HashMap<>();
  private final Set<String> ofLayers;
  private final ByteBuffer numbers;
  private final ByteBuffer codes;
  private final Map<String, RandomTensor> tensors = new LinkedHashMap<>();

  private RandomTensors(CheckpointShape shape, long seed) {
    this.shape = shape;
    this.seed = seed;
    ModelConfig config = ModelConfig.read(shape.config(), shape.name());
    this.spec = config.decoder(SizeBounds.NONE);
    this.quantization = config.quantization();
    this.ofLayers =
        spec.steps()
            .flatMap(step -> step.weights().stream())
            .map(WeightSpec::name)
            .collect(Collectors.toCollection(HashSet::new));
    spec.layerStages().forEach(stage -> addRouter(stage.steps()));
    this.numbers = randomNumbers();
    this.codes = quantization.equals(Quantization.NONE) ? numbers : randomCodes();
  }

  /** All of them, in the order of a sweep; those of one seed are the same. */
  static Collection<RandomTensor> of(CheckpointShape shape, long seed) {
    RandomTensors all = new RandomTensors(shape, seed);
    all.spec.weights().forEach(all::add);
    return all.tensors.values();
  }

  private void addRouter(List<Step> steps) {
    for (Step step : steps) {
      if (step instanceof Step.Route route) {
        steps.stream()
            .filter(s -> s.streamed() != null && route.source().equals(s.filled()))
            .forEach(s -> routers.put(s.streamed().name(), route.routing()));
      }
    }
  }

  private ByteBuffer randomNumbers() {
    SplittableRandom random = new SplittableRandom(seed);
    double bound = Math.sqrt(3.0 / spec.hiddenSize());
    ByteBuffer block = block(BLOCK_BYTES);
    while (block.hasRemaining()) {
      block.putShort(bfloat16((float) random.nextDouble(-bound, bound)));
    }
    return block.flip();
  }

  /** Bytes that are all E2M1 numbers, or E4M3 numbers under 2 and their negatives. */
  private ByteBuffer randomCodes() {
    SplittableRandom random = new SplittableRandom(seed);
    boolean isE4m3 = quantization.codes() == ElementType.F8_E4M3;
    ByteBuffer block = block(BLOCK_BYTES);
    while (block.hasRemaining()) {
      int any = random.nextInt();
      block.put((byte) (isE4m3 ? any & (0x80 | SMALL_E4M3 - 1) : any));
    }
    return block.flip();
  }

  private static ByteBuffer block(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static short bfloat16(float value) {
    return (short) (Float.floatToRawIntBits(value) >>> 16);
  }

  private static float ofBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  private void add(WeightSpec weight) {
    if (tensors.containsKey(weight.name())
        || tensors.containsKey(weight.name() + quantization.codeSuffix())) {
      return; // another part of the tensor was there before
    }
    if (!weight.isMatrix()) {
      addVector(weight);
    } else if (routers.containsKey(weight.name())) {
      addRouter(weight, routers.get(weight.name()));
    } else if (quantization.codes() == ElementType.F8_E4M3 && ofLayers.contains(weight.name())) {
      addFloat8(weight);
    } else if (quantization.codes() == ElementType.F4_E2M1 && weight.shape().size() > 2) {
      addFloat4(weight);
    } else {
      put(weight.name(), BF16, weight.shape(), elements(weight.shape()) * Short.BYTES, numbers);
    }
  }

  private void put(String name, String dtype, List<Long> shape, long bytes, ByteBuffer block) {
    tensors.put(name, new RandomTensor(name, dtype, shape, bytes, block, start(name)));
  }

  /** Tensors differ in where in the block they start: equal layers would add up. */
  private static int start(String name) {
    return Math.floorMod(name.hashCode(), BLOCK_BYTES / Short.BYTES) * Short.BYTES;
  }

  private void putEqual(String name, String dtype, List<Long> shape, ByteBuffer element) {
    long bytes = elements(shape) * element.remaining();
    ByteBuffer block = block((int) Math.min(BLOCK_BYTES, bytes));
    while (block.hasRemaining()) {
      block.put(element.duplicate());
    }
    tensors.put(name, new RandomTensor(name, dtype, shape, bytes, block.flip(), 0));
  }

  private static long elements(List<Long> shape) {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** Norms that multiply by one, whatever is added to what is stored; no biases. */
  private void addVector(WeightSpec weight) {
    float value = weight.name().endsWith("bias") ? 0 : (float) (1 - weight.offset());
    putEqual(
        weight.name(), BF16, weight.shape(), block(Short.BYTES).putShort(bfloat16(value)).flip());
  }

  private void addRouter(WeightSpec weight, RoutingSpec routing) {
    float[] factors =
        new RouterSpread(routing.experts(), routing.chosen(), shape.expertSkew())
            .factors(seed ^ weight.name().hashCode());
    ByteBuffer block = block((int) (weight.elements() * Short.BYTES));
    ByteBuffer source = numbers.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    source.position(start(weight.name()));
    for (long i = 0; i < weight.elements(); i++) {
      if (!source.hasRemaining()) {
        source.rewind();
      }
      float factor = factors[(int) (i / weight.columns())];
      block.putShort(bfloat16(factor * ofBfloat16(source.getShort())));
    }
    tensors.put(
        weight.name(),
        new RandomTensor(weight.name(), BF16, weight.shape(), block.capacity(), block.flip(), 0));
  }

  private void addFloat8(WeightSpec weight) {
    long rows = weight.shape().get(0);
    Quantization.Blocks blocks = quantization.blocks().of(rows, weight.columns());
    put(weight.name(), "F8_E4M3", weight.shape(), elements(weight.shape()), codes);
    float scale = (float) (1 / (SMALL_E4M3_SIZE * Math.sqrt(spec.hiddenSize())));
    putEqual(
        weight.name() + quantization.scaleSuffix(),
        "F32",
        List.of(
            (rows + blocks.rows() - 1) / blocks.rows(),
            ((long) weight.columns() + blocks.columns() - 1) / blocks.columns()),
        block(Float.BYTES).putFloat(scale).flip());
  }

  /** [matrices, rows, groups, bytes of a group], and [matrices, rows, groups] of scales. */
  private void addFloat4(WeightSpec weight) {
    int group = quantization.blocks().columns();
    List<Long> scales = new ArrayList<>(weight.shape());
    scales.set(scales.size() - 1, (long) weight.columns() / group);
    List<Long> packed =
        Stream.concat(scales.stream(), Stream.of(ElementType.F4_E2M1.bytes(group))).toList();
    put(weight.name() + quantization.codeSuffix(), "U8", packed, elements(packed), codes);
    double power = Math.log(1 / (E2M1_SIZE * Math.sqrt(spec.hiddenSize()))) / Math.log(2);
    putEqual(
        weight.name() + quantization.scaleSuffix(),
        "U8",
        List.copyOf(scales),
        block(1).put((byte) (E8M0_BIAS + Math.round(power))).flip());
  }
}
