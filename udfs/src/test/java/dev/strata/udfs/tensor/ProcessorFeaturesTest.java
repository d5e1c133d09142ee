package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProcessorFeaturesTest {

  @ParameterizedTest
  @CsvSource({
    "flags : fpu avx2 avx512f avx512_bf16 clflush, true",
    "flags : fpu amx_bf16 amx_tile, true",
    "Features : fp asimd bf16 i8mm, true",
    "flags : fpu avx2 avx512f avx512_vnni, false",
    "Features : fp asimd, false",
    "model name : A processor with bf16, false"
  })
  void bfloat16IsAmongTheFlags(String line, boolean expected) {
    List<String> cpuinfo = List.of("processor : 0", line, "bugs : none");
    assertThat(ProcessorFeatures.multipliesBfloat16(cpuinfo)).isEqualTo(expected);
  }
}
