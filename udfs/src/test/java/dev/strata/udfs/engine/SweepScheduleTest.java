package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.strata.udfs.kv.Extent;
import dev.strata.udfs.kv.KvBatch;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.StateBatch;
import dev.strata.udfs.kv.StateFormat;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.SegmentReader;
import dev.strata.udfs.tensor.SegmentReader.Segment;
import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.transformer.TokenBlock;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SweepScheduleTest {

  private static final int HEAD_DIM = 2;

  private static final int NEW_TOKENS = 10;

  private static ComputeDevice device;
  private static KvPool pool;

  private final List<Sequence> wave = new ArrayList<>();
  private int poolBegin = 100;

  @BeforeAll
  static void open() {
    device = ComputeDevice.open("cpu", "float32", 1);
    DecoderSpec spec = new ModelShape("schedule", 9, 4, 4, 2, 1, HEAD_DIM, 1).spec();
    pool = KvPool.onDevice(device, spec, 2000);
  }

  @AfterAll
  static void close() {
    pool.close();
    device.close();
  }

  /** A sequence of which {@code cached} tokens were in earlier sweeps; tokens tell who they are. */
  private Sequence sequence(int promptLength, int cached, LogitsObserver observer) {
    int base = 1000 * (wave.size() + 1);
    int[] prompt = IntStream.range(base, base + promptLength).toArray();
    int maxLength = promptLength + NEW_TOKENS;
    Sequence sequence =
        new Sequence(
            TestEngines.observed(wave.size(), prompt, NEW_TOKENS, observer),
            null,
            new Extent(poolBegin, maxLength - 1),
            new Extent(wave.size(), 1),
            maxLength,
            1);
    poolBegin += maxLength - 1;
    sequence.advance(cached);
    wave.add(sequence);
    return sequence;
  }

  private Sequence prompt(int length) {
    return sequence(length, 0, null);
  }

  /** A sequence that needs its next token only. */
  private Sequence decoding(int promptLength) {
    Sequence sequence = sequence(promptLength, promptLength, null);
    sequence.append(7);
    return sequence;
  }

  private static LogitsObserver lastPositionOnly() {
    return new LogitsObserver() {
      @Override
      public boolean everyPosition() {
        return false;
      }

      @Override
      public void logits(int position, FloatBuffer logits) {}
    };
  }

  private SweepSchedule schedule(int sweepTokens) {
    return SweepSchedule.of(wave, new SweepLimits(sweepTokens, 100, 100));
  }

  @Test
  void runsAreSideBySideAsInThePool() {
    Sequence long1 = prompt(5);
    Sequence next1 = decoding(3);
    Sequence one = prompt(1);
    Sequence long2 = prompt(2);
    Sequence next2 = decoding(4);
    SweepSchedule schedule = schedule(100);
    assertThat(schedule.runs())
        .extracting(SweepRun::sequence, SweepRun::first, SweepRun::position, SweepRun::count)
        .containsExactly(
            tuple(long1, 0, 0, 5),
            tuple(next1, 5, 3, 1),
            tuple(one, 6, 0, 1),
            tuple(long2, 7, 0, 2),
            tuple(next2, 9, 4, 1));
    assertThat(schedule.tokens()).isEqualTo(10);
    assertThat(schedule.promptTokens()).isEqualTo(8);
    assertThat(schedule.runs()).allMatch(SweepRun::choosesToken);
  }

  /** Whatever needs but its next token goes through, in however small a sweep. */
  @Test
  void sequencesThatDecodeHavePrecedence() {
    Sequence long1 = prompt(5);
    Sequence next1 = decoding(3);
    Sequence one = prompt(1);
    prompt(2);
    Sequence next2 = decoding(4);
    assertThat(schedule(4).runs())
        .extracting(SweepRun::sequence, SweepRun::first, SweepRun::position, SweepRun::count)
        .containsExactly(
            tuple(long1, 0, 0, 1),
            tuple(next1, 1, 3, 1),
            tuple(one, 2, 0, 1),
            tuple(next2, 3, 4, 1));
  }

  @Test
  void aPromptThatIsTooLongEntersInChunks() {
    Sequence long1 = prompt(10);
    decoding(3);
    prompt(4);
    SweepSchedule first = schedule(8);
    assertThat(first.tokens()).isEqualTo(8);
    assertThat(first.runs())
        .extracting(SweepRun::position, SweepRun::count)
        .containsExactly(tuple(0, 7), tuple(3, 1));
    assertThat(first.runs().get(0).choosesToken()).isFalse();
    assertThat(first.spans()).containsExactly(10, 10, 10, 10, 10, 10, 10, 4);
    long1.advance(7);
    SweepSchedule second = schedule(8);
    assertThat(second.runs())
        .extracting(SweepRun::position, SweepRun::count)
        .containsExactly(tuple(7, 3), tuple(3, 1), tuple(0, 4));
    assertThat(second.runs()).allMatch(SweepRun::choosesToken);
  }

  @Test
  void whatDoesNotFitWaits() {
    Sequence first = prompt(4);
    prompt(3);
    assertThat(schedule(4).runs()).extracting(SweepRun::sequence).containsExactly(first);
  }

  @Test
  void tokensKnowTheirIdAndPosition() {
    prompt(3);
    decoding(2);
    sequence(6, 4, null);
    SweepSchedule schedule = schedule(100);
    assertThat(schedule.tokenIds()).containsExactly(1000, 1001, 1002, 7, 3004, 3005);
    assertThat(schedule.positions()).containsExactly(0, 1, 2, 2, 4, 5);
    assertThat(slots(schedule.blocks(100, new KvBatch.Cutter(pool), noStates()).get(0)))
        .containsExactly(100L, 101L, 102L, 112L + 2, 112L + 11 + 4, 112L + 11 + 5);
  }

  @Test
  void blocksSplitSequencesThatAreLongerThanThey() {
    decoding(3);
    prompt(3);
    prompt(5);
    sequence(9, 6, null);
    List<TokenBlock> blocks = schedule(100).blocks(4, new KvBatch.Cutter(pool), noStates());
    int prompt = 100 + 12;
    int longer = prompt + 12;
    int chunk = longer + 14;
    assertThat(blocks)
        .extracting(TokenBlock::first, TokenBlock::tokens)
        .containsExactly(tuple(0, 4), tuple(4, 4), tuple(8, 4));
    assertThat(segments(blocks.get(0)))
        .containsExactly(new Segment(0, 1, 100, 4), new Segment(1, 3, prompt, 3));
    assertThat(segments(blocks.get(1))).containsExactly(new Segment(0, 4, longer, 4));
    assertThat(segments(blocks.get(2)))
        .containsExactly(new Segment(0, 1, longer, 5), new Segment(1, 3, chunk, 9));
  }

  /** Its second part would have to wait for the first part's keys and values. */
  @Test
  void aSequenceThatFitsABlockIsNotSplit() {
    decoding(3);
    prompt(4);
    prompt(2);
    List<TokenBlock> blocks = schedule(100).blocks(4, new KvBatch.Cutter(pool), noStates());
    assertThat(blocks)
        .extracting(TokenBlock::first, TokenBlock::tokens)
        .containsExactly(tuple(0, 1), tuple(1, 4), tuple(5, 2));
  }

  private static List<Segment> segments(TokenBlock block) {
    List<Segment> segments = new ArrayList<>();
    for (KvBatch batch : block.batches()) {
      batch.upload(device, false, Long.MAX_VALUE);
      for (Segment s : SegmentReader.read(batch.segments())) {
        segments.add(new Segment(batch.firstRow() + s.row(), s.count(), s.slot(), s.length()));
      }
      batch.close();
    }
    return segments;
  }

  private static List<Long> slots(TokenBlock block) {
    List<Long> slots = new ArrayList<>();
    for (KvBatch batch : block.batches()) {
      batch.upload(device, false, Long.MAX_VALUE);
      long[] rows = device.kernels().toLongs(batch.rowSlots());
      assertThat(rows).hasSize(batch.rows());
      Arrays.stream(rows).forEach(slots::add);
      batch.close();
    }
    return slots;
  }

  /** Whatever the blocks, each token is in one, and sees all of its sequence up to itself. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 9, 10, 11, 100})
  void blocksCoverTheSweep(int blockTokens) {
    decoding(3);
    prompt(5);
    sequence(9, 5, null);
    SweepSchedule schedule = schedule(100);
    List<Long> expected = new ArrayList<>();
    for (SweepRun run : schedule.runs()) {
      for (int i = 0; i < run.count(); i++) {
        expected.add((long) run.sequence().extent().begin() + run.position() + i);
      }
    }
    List<Long> lastSlots = new ArrayList<>();
    List<Long> rowSlots = new ArrayList<>();
    long next = 0;
    for (TokenBlock block : schedule.blocks(blockTokens, new KvBatch.Cutter(pool), noStates())) {
      assertThat((long) block.first()).isEqualTo(next);
      assertThat(block.tokens()).isBetween(1, blockTokens);
      long row = 0;
      for (Segment segment : segments(block)) {
        assertThat(segment.row()).isEqualTo(row);
        row += segment.count();
        for (long i = segment.count(); i > 0; i--) {
          lastSlots.add(segment.slot() + segment.length() - i);
        }
      }
      rowSlots.addAll(slots(block));
      assertThat(row).isEqualTo((long) block.tokens());
      next += row;
    }
    assertThat(lastSlots).isEqualTo(expected);
    assertThat(rowSlots).isEqualTo(expected);
  }

  @Test
  void tokensOfASequenceThatWasPutBackAreCountedApart() {
    Sequence observed = sequence(5, 5, new RecordedLogits());
    observed.append(7);
    observed.advance(1);
    observed.append(8);
    observed.putBack();
    observed.moveTo(new Extent(3, 14));
    SweepSchedule schedule = schedule(100);
    assertThat(schedule.tokens()).isEqualTo(7);
    assertThat(schedule.resumedTokens()).isEqualTo(6);
    assertThat(schedule.promptTokens()).isZero();
    assertThat(schedule.tokenIds()).endsWith(7, 8);
    // Its logits were seen, but for those of the newest token.
    assertThat(schedule.headRows())
        .extracting(SweepSchedule.HeadRow::position, SweepSchedule.HeadRow::choosesToken)
        .containsExactly(tuple(6, true));
  }

  @Test
  void theHeadIsComputedWhereATokenIsChosen() {
    prompt(3);
    decoding(2);
    prompt(9);
    List<SweepSchedule.HeadRow> rows = schedule(8).headRows();
    assertThat(rows)
        .extracting(SweepSchedule.HeadRow::token, SweepSchedule.HeadRow::position)
        .containsExactly(tuple(2, 2), tuple(3, 2));
    assertThat(rows).allMatch(SweepSchedule.HeadRow::choosesToken);
  }

  @Test
  void rowsWhoseLogitsAreKeptComeFirst() {
    prompt(2);
    sequence(3, 0, new RecordedLogits());
    decoding(4);
    sequence(2, 0, lastPositionOnly());
    assertThat(schedule(100).headRows())
        .extracting(
            row -> row.run().sequence().request().key(),
            SweepSchedule.HeadRow::position,
            SweepSchedule.HeadRow::choosesToken)
        .containsExactly(
            tuple(1L, 0, false),
            tuple(1L, 1, false),
            tuple(1L, 2, true),
            tuple(3L, 1, true),
            tuple(0L, 1, true),
            tuple(2L, 4, true));
  }

  @Test
  void anObservedPromptEntersAsFarAsLogitsCanBeKept() {
    Sequence observed = sequence(7, 0, new RecordedLogits());
    prompt(3);
    assertThat(SweepSchedule.of(wave, new SweepLimits(100, 4, 100)).runs())
        .extracting(SweepRun::count)
        .containsExactly(4, 3);
    observed.advance(4);
    SweepSchedule second = SweepSchedule.of(wave, new SweepLimits(100, 4, 100));
    assertThat(second.runs())
        .extracting(SweepRun::position, SweepRun::count)
        .containsExactly(tuple(4, 3), tuple(0, 3));
    assertThat(second.headRows()).hasSize(4);
  }

  /** Two sequences need logits and two rows are there for them; the first takes both. */
  @Test
  void anObservedPromptLeavesALogitRowToTheOthers() {
    sequence(5, 0, new RecordedLogits());
    sequence(2, 0, lastPositionOnly());
    assertThat(SweepSchedule.of(wave, new SweepLimits(100, 2, 100)).headRows())
        .filteredOn(row -> row.needsLogits())
        .hasSizeLessThanOrEqualTo(2);
  }

  /** Random waves, swept to their end: each token goes through the model once and in order. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyTokenIsSweptOnceAndInOrder(long seed) {
    Random random = new Random(seed);
    int rows = 1 + random.nextInt(12);
    for (int i = 0; i < rows; i++) {
      prompt(1 + random.nextInt(30));
    }
    int sweepTokens = rows + random.nextInt(20);
    int expected = wave.stream().mapToInt(s -> s.promptLength() + NEW_TOKENS - 1).sum();
    int pushed = 0;
    while (!wave.isEmpty()) {
      SweepSchedule schedule = schedule(sweepTokens);
      assertThat(schedule.tokens()).isBetween(1, sweepTokens);
      for (SweepRun run : schedule.runs()) {
        assertThat(run.position()).isEqualTo(run.sequence().cached());
      }
      long choosing = schedule.runs().stream().filter(SweepRun::choosesToken).count();
      assertThat(schedule.headRows()).hasSize((int) choosing);
      pushed += schedule.tokens();
      for (SweepSchedule.HeadRow row : schedule.headRows()) {
        row.run().sequence().append(9);
      }
      schedule.runs().forEach(run -> run.sequence().advance(run.count()));
      wave.removeIf(Sequence::isFinished);
    }
    assertThat(pushed).isEqualTo(expected);
  }

  private static StateBatch.Cutter noStates() {
    StateFormat none = new StateFormat(List.of(), null);
    return new StateBatch.Cutter(StatePool.onDevice(device, none, 1), 1);
  }
}
