package dev.strata.udfs.text;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.BitSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CharacterSetsTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** All characters are asked, without an object for each. */
  @ParameterizedTest
  @CsvSource({"Greek, α, a", "Han, 漢, α", "Lu, A, a", "L, a, 1", "Latin, é, α"})
  void propertiesTakeTheMemoryOfTheirSet(String name, String within, String without) {
    BitSet set = CharacterSets.property(name); // classes load
    long before = THREADS.getCurrentThreadAllocatedBytes();
    BitSet again = CharacterSets.property(name);
    long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
    assertThat(again).isEqualTo(set);
    assertThat(bytes).isLessThan(1 << 20);
    assertThat(CharacterSets.contains(set, within.codePointAt(0))).isTrue();
    assertThat(CharacterSets.contains(set, without.codePointAt(0))).isFalse();
  }
}
