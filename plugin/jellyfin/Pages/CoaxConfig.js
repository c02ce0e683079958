export default function (view) {
  view.addEventListener('viewshow', () => {
    view.querySelector('.coaxState').textContent = 'The settings page is not ready yet.';
  });
}
