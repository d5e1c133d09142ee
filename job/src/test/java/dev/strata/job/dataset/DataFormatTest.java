package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DataFormatTest {

  @Test
  void byName() {
    assertThat(DataFormat.ofName("part-0.snappy.parquet")).contains(DataFormat.PARQUET);
    assertThat(DataFormat.ofName("rows.JSONL.gz")).contains(DataFormat.JSON);
    assertThat(DataFormat.ofName("rows.ndjson")).contains(DataFormat.JSON);
    assertThat(DataFormat.ofName("json")).isEmpty();
    assertThat(DataFormat.of("json", "out")).contains(DataFormat.JSON);
    assertThat(DataFormat.of("auto", "out")).isEmpty();
  }
}
