# Completion of the command `tenon` in bash: subcommands, their options, and files of the formats that they read.
_tenon() {
  local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} options='' formats='onnx|tflite|safetensors|pth|pt'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W 'import quantize export summary dot info diff --version --help' -- "$word")
    return
  fi
  case $command in
    import) options='--name --output --shape --set --rounding --no-check --operators --into --prefix --rename --json --help' formats='onnx|tflite|safetensors|pth|pt|hpp' ;;
    quantize) options='--name --weights --data --scale --output --json --help' formats='hpp|safetensors|pth|npy|csv' ;;
    export) options='--name --weights --output --json --help' formats='hpp|safetensors|pth' ;;
    summary | info) options='--shape --set --json --help' ;;
    dot) options='--shape --set --help' ;;
    diff) options='--tolerance --json --help' formats='safetensors|pth|pt' ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
  elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == -o || ${COMP_WORDS[COMP_CWORD - 1]} == --output ]]; then
    mapfile -t COMPREPLY < <(compgen -d -- "$word")
  elif [[ ${COMP_WORDS[COMP_CWORD - 1]} == --rounding ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'single double' -- "$word")
  else
    local file
    while read -r file; do
      if [[ -d $file || $file =~ \.($formats)$ ]]; then COMPREPLY+=("$file"); fi
    done < <(compgen -f -- "$word")
  fi
}
complete -o filenames -F _tenon tenon
