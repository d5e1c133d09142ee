package dev.strata.udfs.mutants;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The list of mutants goes with the sources. */
class MutantsTest {

  @Test
  void eachMutantsTextOccursOnce() throws IOException {
    for (Mutant mutant : Mutant.all()) {
      assertThat(mutant.occurrences()).as("%s", mutant).isEqualTo(1);
    }
  }

  @Test
  void eachMutantHasANameOfItsOwnAndTests() throws IOException, ClassNotFoundException {
    List<Mutant> all = Mutant.all();
    assertThat(all)
        .hasSizeGreaterThanOrEqualTo(10)
        .extracting(Mutant::name)
        .doesNotHaveDuplicates();
    for (Mutant mutant : all) {
      for (String test : mutant.tests()) {
        assertThat(Class.forName("dev.strata.udfs." + test)).isNotNull();
      }
    }
  }
}
